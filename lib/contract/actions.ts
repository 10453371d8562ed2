import * as z from "zod";
import { CLOSED, NOTICE_TARGETS } from "../domain/vocabulary.ts";
import { AttentionAnswer } from "./api.ts";

/** Body of POST /api/v1/pause. */
export const PauseRequest = z
  .object({
    reason: AttentionAnswer.shape.reason.describe("Why. Without personal data."),
    as: AttentionAnswer.shape.as,
    until: z.iso
      .datetime({ offset: true, error: "not a moment (ISO 8601 with a time zone)" })
      .optional()
      .describe("When the pause ends by itself; without it, a person resumes."),
  })
  .meta({ id: "PauseRequest" });

/** Body of POST /api/v1/reconcile/now. */
export const ReconcileRequest = z
  .object({
    reason: AttentionAnswer.shape.reason.describe("Why. Without personal data."),
    as: AttentionAnswer.shape.as,
  })
  .meta({ id: "ReconcileRequest" });

/** How far a comparison came that somebody asked for. */
export const ReconcileResponse = z
  .object({
    outcome: z
      .enum(["done", "to_be_continued", "incomplete"])
      .describe(
        "`to_be_continued`: time is up, Chapa does not return its list, or another run is at it; ask again, or wait for the hourly run. " +
          "`incomplete`: Chapa's list is too long or not in its order.",
      ),
    verifications: z.number().int().describe("How many payments this run has verified."),
    findings: z.number().int().describe("How many findings this run has made. `GET /api/v1/reconcile` shows them."),
  })
  .meta({ id: "ReconcileResponse" });
export type ReconcileResponse = z.infer<typeof ReconcileResponse>;

/** Body of POST /api/v1/resume. */
export const ResumeRequest = z
  .object({
    reason: AttentionAnswer.shape.reason.describe("Why. Without personal data."),
    as: AttentionAnswer.shape.as,
    restored: z
      .boolean()
      .default(false)
      .describe("The table is a restored copy, and you have compared it with Chapa from before the restore point."),
  })
  .meta({ id: "ResumeRequest" });

/** Whether payments begin and refunds are sent. */
export const PauseResponse = z
  .object({
    stopped: z
      .enum(CLOSED)
      .nullable()
      .describe(
        "Why no payment begins and no refund is sent; null if they do. `other_table`: a restored copy. " +
          "`other_namespace`: the namespace in the secret was changed. `unreadable`: the row is damaged.",
      ),
    reason: z.string().nullable().describe("Of a person's pause, as all fields here."),
    by: z.string().nullable(),
    since: z.string().nullable(),
    until: z.string().nullable(),
    resumed: z
      .object({ by: z.string(), reason: z.string(), at: z.string() })
      .nullable()
      .describe("The last time that a person resumed them."),
  })
  .meta({ id: "Pause" });
export type PauseResponse = z.infer<typeof PauseResponse>;

/** Body of POST /api/v1/payments/{payment_id}/notifications. */
export const NotificationsRequest = z
  .object({
    target: z.enum(NOTICE_TARGETS).describe("Who is informed once more of the payment's state."),
    reason: AttentionAnswer.shape.reason.describe("Why. Without personal data."),
    as: AttentionAnswer.shape.as,
    version: AttentionAnswer.shape.version,
  })
  .meta({ id: "NotificationsRequest" });
