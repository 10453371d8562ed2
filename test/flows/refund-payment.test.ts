import { expect, test } from "vitest";
import { VersionChanged } from "../../lib/domain/errors.ts";
import { Santim } from "../../lib/domain/money.ts";
import { requestRefund, sendRefund } from "../../lib/domain/refunds.ts";
import { MINUTE_MS } from "../../lib/domain/time.ts";
import { recordRefundOutcome, refundPayment } from "../../lib/flows/refund-payment.ts";
import { limitedRefund, sendOnce } from "../../lib/flows/steps/advance-refunds.ts";
import { log } from "../../lib/runtime/logger.ts";
import { RefundLimitTable } from "../../lib/table/refund-limits.ts";
import { MemoryTable } from "../support/memory-table.ts";
import { aConfirmed, LATER, POLICY } from "../support/payments.ts";
import { adaptersOf } from "../support/tables.ts";

const request = { id: "r-1", capture: "AP0", amount: Santim.parse(20_000), reason: "double booking" };
const sent = sendRefund(requestRefund(aConfirmed(), request, LATER), "r-1", "me", LATER);

// Found by the simulation: a person's word that a refund came to nothing was written over what had happened meanwhile.
test.each(["settled", "refused"] as const)(
  "a person's word that a refund is %s is refused when the payment has changed since they saw it",
  async (outcome) => {
    const newer = { ...sent, version: sent.version + 1 };
    const ports = {
      payments: { find: async () => newer, save: async () => ({ won: false, payment: newer }) },
      limits: { take: async () => true, giveBack: async () => undefined },
      clock: { now: () => LATER.now },
      log,
      policy: POLICY,
    };
    const word = { outcome, reason: "Chapa was asked", version: sent.version, by: "admin" };
    await expect(recordRefundOutcome(ports, sent, "r-1", word)).rejects.toThrow(VersionChanged);
  },
);

// Found by the simulation: the row from before the second refund was sent said that no other was under way.
test('Chapa\'s "cannot exceed" does not refuse a refund while another of the same money was sent meanwhile', async () => {
  const { payments } = adaptersOf(new MemoryTable().client);
  const rest = { ...request, id: "r-2", amount: Santim.parse(30_000) };
  const row = requestRefund(requestRefund(aConfirmed(), request, LATER), rest, LATER);
  await payments.create(row);
  const asked: string[] = [];
  const chapa = {
    refund: async ({ amount }: { amount: number }) => {
      asked.push(String(amount));
      const now = await payments.find(row.ref);
      if (now) await payments.save(now, sendRefund(now, "r-2", "other", LATER));
      return { kind: "above", reason: "more than there is" } as const;
    },
    cancel: () => expect.fail("nothing is cancelled"),
    refundStatus: () => expect.fail("nothing is asked"),
  };
  const ports = {
    payments,
    chapa,
    limits: { giveBack: async () => undefined },
    closed: async () => undefined,
    newId: () => "me",
    clock: { now: () => LATER.now },
    log,
    count: () => undefined,
    policy: POLICY,
  };
  const run = { context: () => LATER, deadline: LATER.now + MINUTE_MS };
  const { refunds = [] } = await sendOnce(ports, row, "r-1", run);
  expect(asked).toEqual(["20000"]);
  expect(refunds.map(({ id, state }) => [id, state])).toEqual([
    ["r-1", "SENT"],
    ["r-2", "SENT"],
  ]);
  expect((await payments.find(row.ref))?.refunds?.map(({ state }) => state)).toEqual(["SENT", "SENT"]);
});

// A slow try that found a newer version took the amount out of the day that the try after it had counted on.
test("a refund that a second try makes is counted in its actor's day, though the first try of it failed since", async () => {
  const memory = new MemoryTable();
  const { payments } = adaptersOf(memory.client);
  const limits = new RefundLimitTable(memory.client, "payments");
  const seen = aConfirmed();
  await payments.create(seen);
  const newer = { ...seen, version: seen.version + 1 };
  const asked = { ...request, by: "admin", version: seen.version };
  let tries = 0;
  const ports = {
    payments,
    limits,
    dailyLimit: 30_000,
    chapa: {
      refund: async () => ({ kind: "unclear" }) as const,
      cancel: () => expect.fail("nothing is cancelled"),
      refundStatus: () => expect.fail("nothing is asked"),
    },
    closed: async () => undefined,
    newId: () => `try ${tries++}`,
    clock: { now: () => LATER.now },
    log,
    count: () => undefined,
    policy: POLICY,
  };
  const deadline = LATER.now + MINUTE_MS;
  let second: Promise<unknown> | undefined;
  const slow = {
    ...ports,
    payments: {
      ...payments,
      find: payments.find.bind(payments),
      save: async () => {
        await payments.save(seen, newer);
        second = refundPayment(ports, newer, { ...asked, version: newer.version }, deadline);
        await second;
        return { won: false, payment: newer } as const;
      },
    },
  };
  await expect(refundPayment(slow, seen, asked, deadline)).rejects.toThrow(VersionChanged);
  expect(await second).toMatchObject({ refunds: [{ id: "r-1", state: "SENT" }] });
  const day = [...memory.rows].filter(([key]) => key.startsWith("L#")).map(([, row]) => row["total"]);
  expect(day).toEqual([20_000]);
});

test("people for whom one program refunds share the daily limit of that program", () => {
  const limited = ["service:console/as:hirut", "service:console/as:dawit", "service:console"].map((by) => {
    const [refund] = requestRefund(aConfirmed(), request, { ...LATER, by }).refunds ?? [];
    if (!refund) throw new Error("no refund");
    expect(refund.by).toBe(by);
    return limitedRefund(aConfirmed(), refund).by;
  });
  expect(new Set(limited)).toEqual(new Set(["service:console"]));
});
