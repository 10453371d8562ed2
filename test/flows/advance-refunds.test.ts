import { beforeEach, expect, test } from "vitest";
import type { RefundStatus } from "../../lib/chapa/classify-refund.ts";
import { openEntries } from "../../lib/domain/attention.ts";
import { Santim } from "../../lib/domain/money.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import { requestRefund, sendRefund, settleRefund } from "../../lib/domain/refunds.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import type { Closed } from "../../lib/domain/vocabulary.ts";
import { advanceRefunds, type RefundPorts } from "../../lib/flows/steps/advance-refunds.ts";
import { log } from "../../lib/runtime/logger.ts";
import type { PaymentTable } from "../../lib/table/payments.ts";
import { MemoryTable } from "../support/memory-table.ts";
import { aConfirmed, LATER, POLICY } from "../support/payments.ts";
import { adaptersOf } from "../support/tables.ts";

const request = { id: "r-1", capture: "AP0", amount: Santim.parse(20_000), reason: "double booking" };
const requested = requestRefund(aConfirmed(), request, LATER);
const sent = sendRefund(requested, "r-1", "me", LATER);
const settled = settleRefund(sent, "r-1", LATER);
const WAITS = 12 * DAY_MS;

let payments: PaymentTable;
let now: number;
let status: RefundStatus;
let closed: Closed | undefined;
let toChapa: ("sent" | "asked")[];

beforeEach(() => {
  ({ payments } = adaptersOf(new MemoryTable().client));
  now = LATER.now;
  status = { kind: "unclear" };
  closed = undefined;
  toChapa = [];
});

const ports = (): RefundPorts => ({
  payments,
  chapa: {
    refund: async () => {
      toChapa.push("sent");
      return { kind: "accepted", chapaRef: "MERC-1" };
    },
    refundStatus: async () => {
      toChapa.push("asked");
      return status;
    },
    cancel: () => expect.fail("nothing is cancelled"),
  },
  limits: { giveBack: async () => undefined },
  closed: async () => closed,
  newId: () => "sender",
  clock: { now: () => now },
  log,
  count: () => undefined,
  policy: POLICY,
});

/** Makes every step of the refund that becomes due in the given time. @returns the payment, and the ages of the steps */
async function advance(from: Payment, ms: number, isAnswered = true): Promise<{ payment: Payment; ages: number[] }> {
  if (!(await payments.find(from.ref))) await payments.create(from);
  const ages: number[] = [];
  for (;;) {
    const payment = await payments.find(from.ref);
    if (!payment) throw new Error("no payment");
    const [{ checkAt = Number.POSITIVE_INFINITY } = {}] = payment.refunds ?? [];
    if (checkAt > LATER.now + ms) return { payment, ages };
    if (ages.length > 1000) throw new Error("the refund stays due");
    now = Math.max(now, checkAt);
    ages.push(now - LATER.now);
    await advanceRefunds(ports(), payment, isAnswered, now + MINUTE_MS);
  }
}

const unclear = (payment: Payment) =>
  openEntries(payment)
    .filter(({ code }) => code === "refund_unclear")
    .map(({ subject, at }) => [subject, at - LATER.now]);

test("a refund that waits out a pause is tried at growing distances, calls a person within a day and an hour, and is sent once after it", async () => {
  closed = "paused";
  const { payment, ages } = await advance(requested, 2 * DAY_MS);
  expect(toChapa).toEqual([]);
  expect(ages.length).toBeLessThan(60);
  const [[subject, age = 0] = []] = unclear(payment);
  expect([subject, Number(age) >= DAY_MS, Number(age) <= DAY_MS + HOUR_MS]).toEqual(["r-1.unsent", true, true]);
  closed = undefined;
  const { payment: after } = await advance(payment, 2 * DAY_MS + HOUR_MS);
  expect(toChapa.filter((call) => call === "sent")).toHaveLength(1);
  expect(after.refunds).toMatchObject([{ state: "SENT" }]);
  expect(unclear(after).map(([subject]) => subject)).toEqual(["r-1"]);
});

test.each([
  ["REQUESTED", requested, "r-1.unsent"],
  ["SENT", sent, "r-1"],
])(
  "a %s refund of a checkout that no key reads is due no more at every minute, and calls a person within a day and an hour",
  async (_, payment, expected) => {
    const { payment: after, ages } = await advance(payment, 2 * DAY_MS, false);
    expect(toChapa).toEqual([]);
    expect(ages.length).toBeLessThan(60);
    const [[subject, age = 0] = []] = unclear(after);
    expect([subject, Number(age) <= DAY_MS + HOUR_MS]).toEqual([expected, true]);
    expect(after.dueAt).toBeGreaterThan(now);
  },
);

test("a SENT refund that Chapa keeps open calls a person after a day, though Chapa answers", async () => {
  status = { kind: "open" };
  const { payment, ages } = await advance(sent, 2 * DAY_MS);
  expect(ages).toEqual([10 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS, 2 * DAY_MS]);
  expect(unclear(payment)).toEqual([["r-1", DAY_MS]]);
});

test("a settled refund of which Chapa is silent at the last check is asked about daily, with a person called, until Chapa answers", async () => {
  const silent = await advance(settled, WAITS);
  expect(silent.ages).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((days) => days * DAY_MS));
  expect(unclear(silent.payment)).toEqual([["r-1.settled", 8 * DAY_MS]]);
  status = { kind: "reversed" };
  const answered = await advance(silent.payment, WAITS + DAY_MS);
  expect(answered.payment.refunds).toMatchObject([{ state: "UNDONE" }]);
  expect(unclear(answered.payment)).toEqual([]);
});

test("a settled refund is asked about hourly while Chapa cannot be asked at all", async () => {
  const { ages } = await advance(settled, DAY_MS + 3 * HOUR_MS, false);
  expect(ages).toEqual([0, 1, 2, 3].map((hours) => DAY_MS + hours * HOUR_MS));
});

test("a settled refund of which Chapa answers at the last check is asked about no more, and calls nobody", async () => {
  status = { kind: "settled" };
  const { payment, ages } = await advance(settled, WAITS);
  expect(ages).toEqual([DAY_MS, 7 * DAY_MS]);
  expect(unclear(payment)).toEqual([]);
});

test("a settled refund of which Chapa says nothing is asked about no more once a person has answered", async () => {
  const { payment } = await advance(settled, 8 * DAY_MS);
  const attention = payment.attention.map((entry) => ({
    ...entry,
    answered: { at: now, by: "admin", reason: "seen" },
  }));
  await payments.save(payment, { ...payment, version: payment.version + 1, attention });
  const { ages } = await advance(payment, WAITS);
  expect(ages).toEqual([9 * DAY_MS]);
});
