import * as z from "zod";
import { USER_EVENTS } from "../domain/vocabulary.ts";
import { PauseResponse } from "./actions.ts";
import { ListingDelivery } from "./api.ts";

const instant = z.string().describe("ISO 8601, UTC.");
const count = z.number().int();

/** What other services and the payer got about a payment. */
export const DeliveriesResponse = z
  .object({
    listing: ListingDelivery,
    payer: z
      .array(
        z.object({
          event: z.enum(USER_EVENTS),
          version: count.describe("The payment's version that the message is about."),
          outcome: z.enum(["sent", "tried"]).describe("`tried`: no answer says that it was accepted."),
          tries: count.describe("Calls that may have reached the payer."),
          tried_at: instant.nullable(),
          sent_at: instant.nullable(),
        }),
      )
      .describe("Messages to the payer of the last 30 days for which a call was made, the latest first."),
  })
  .meta({ id: "Deliveries" });
export type DeliveriesResponse = z.infer<typeof DeliveriesResponse>;

const Day = z.iso.date({ error: "not a day (YYYY-MM-DD)" }).describe("A day in Addis Ababa.");

export const TotalsQuery = z.object({
  from: Day.optional().describe("The first day; without it, the 31 days that end with `to`."),
  to: Day.optional().describe("The last day; without it, today."),
});

const Sums = z.object({
  total_payments: count,
  pending_payments: count,
  success_payments: count,
  failed_payments: count,
  webhook_calls: count,
  initiate_calls: count,
  status_calls: count,
  timeout_jobs_run: count,
  total_revenue: z.number().describe("In birr, less what went back."),
});
export type Sums = z.infer<typeof Sums>;

/** Totals by day. A payment counts on the day of its first checkout, calls on their own day. */
export const TotalsResponse = z
  .object({
    days: z.array(Sums.extend({ day: z.string() })).describe("Oldest first."),
    sum: Sums,
    unreadable: z.array(z.string()).describe("Days that cannot be read right now, which are in no sum."),
  })
  .meta({ id: "TotalsByDay" });

export type TotalsResponse = z.infer<typeof TotalsResponse>;

/** What a comparison of Chapa's list with our payments found. */
export const ComparisonResponse = z
  .object({
    state: z
      .enum(["complete", "incomplete", "none"])
      .describe("`incomplete`: Chapa's list was not read to its end. `none`: no comparison has come to its end yet."),
    day: z.string().nullable().describe("The day on which it began, in Addis Ababa."),
    started_at: instant.nullable(),
    ended_at: instant.nullable(),
    found: count.describe("How many findings there are; `findings` has the first 100."),
    findings: z.array(
      z.object({
        reason: z.string().describe("In the words of the runbook."),
        payment_id: z.string().nullable(),
        chapa_tx_ref: z.string().nullable(),
        reference: z.string().nullable().describe("Chapa's own reference; several ones with spaces between them."),
        amount: z.number().nullable().describe("In the currency of the transaction."),
      }),
    ),
  })
  .meta({ id: "Comparison" });
export type ComparisonResponse = z.infer<typeof ComparisonResponse>;

const Waiting = z.object({ count, since: instant.nullable().describe("Since when the oldest waits.") });

/** What a person who answers for the service asks first. */
export const OverviewResponse = z
  .object({
    at: instant,
    attention: Waiting.extend({ codes: z.record(z.string(), count) }).describe("What a person must see."),
    waiting: z
      .object({
        undecided: Waiting.describe("Payments that await money."),
        review: Waiting.describe("Money that awaits a person's decision."),
        unacknowledged: Waiting.describe("Successes that the listing has not acknowledged."),
        overdue: Waiting.describe("Payments whose next step should have been made already."),
      })
      .describe("Of the payments that are due within a day."),
    is_whole: z.boolean().describe("Whether all of them were counted; if not, there are more."),
    unreadable: count.describe("Payments that cannot be read right now, which are not counted."),
    chapa: z.object({ health: z.enum(["ok", "error", "unknown"]), detail: z.string().nullable() }),
    listing: z.object({
      health: z.enum(["ok", "behind"]).describe("`behind`: a success has waited for more than 15 minutes."),
    }),
    notification: z.object({
      health: z.enum(["ok", "refused"]).describe("`refused`: it refuses our messages, so we send none for a while."),
      until: instant.nullable(),
    }),
    payments: PauseResponse,
    today: Sums.nullable().describe("Null if the day cannot be read right now."),
    month: Sums.describe("The days of this month in Addis Ababa that can be read."),
  })
  .meta({ id: "Overview" });
export type OverviewResponse = z.infer<typeof OverviewResponse>;
