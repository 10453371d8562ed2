import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import type { MetricName } from "../../lib/contract/metrics.ts";
import { answer, flag } from "../../lib/domain/apply.ts";
import { paymentIdOf } from "../../lib/domain/ids.ts";
import { deliveryEnded } from "../../lib/domain/notes.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import { publish } from "../../lib/flows/publish.ts";
import { publishAttention } from "../../lib/flows/publish-attention.ts";
import { reconcile } from "../../lib/flows/reconcile.ts";
import { sweep } from "../../lib/flows/sweep.ts";
import type { LogFields } from "../../lib/runtime/logger.ts";
import { DUE_SHARDS, dayBuckets, FLAG_SHARDS } from "../../lib/table/keys.ts";
import { MarkTable } from "../../lib/table/marks.ts";
import { toItem } from "../../lib/table/payment-item.ts";
import { PaymentTable } from "../../lib/table/payments.ts";
import { ProgressTable } from "../../lib/table/progress.ts";
import { TotalsTable } from "../../lib/table/totals.ts";
import { TX_STAGE } from "../../local/environment.ts";
import { MemoryTable } from "../support/memory-table.ts";
import {
  aConfirmed,
  aContext,
  anOpened,
  aRef,
  aReviewed,
  CLOSED_LISTING,
  captured,
  LATER,
  moneyOn,
  POLICY,
} from "../support/payments.ts";

/** What the functions write to CloudWatch, and what they log as an error. */
function world() {
  const memory = new MemoryTable();
  const { client } = memory;
  const payments = new PaymentTable(client, "payments", TX_STAGE);
  const gauges: Record<string, number> = {};
  const counted: MetricName[] = [];
  const errors: [string, LogFields | undefined][] = [];
  const clock = { now: () => LATER.now };
  const quiet = { sendAll: async () => undefined };
  const ports = {
    payments,
    clock,
    flagShards: FLAG_SHARDS,
    shards: DUE_SHARDS,
    gauge: (name: string, value: number) => {
      gauges[name] = value;
    },
    count: (name: MetricName) => void counted.push(name),
    log: {
      info: () => undefined,
      warn: () => undefined,
      error: (message: string, fields?: LogFields) => void errors.push([message, fields]),
    },
    listing: quiet,
    notification: quiet,
    resolve: quiet,
    marks: new MarkTable(client, "payments"),
    totals: new TotalsTable(client, "payments"),
    newId: randomUUID,
    policy: POLICY,
    txStage: TX_STAGE,
  };
  const at = (now: number) => ({ ...ports, clock: { now: () => now } });
  return { memory, client, ports, at, payments, gauges, counted, errors };
}

test("money under review is on the gauge within a minute although its stream record was lost, and stays until a person answers", async () => {
  const { at, payments, gauges } = world();
  const review = aReviewed();
  await payments.create(review);
  await publishAttention(at(LATER.now + MINUTE_MS));
  expect(gauges).toEqual({ OpenAttention: 1, OldestAttentionSeconds: 60 });
  await publishAttention(at(LATER.now + 12 * DAY_MS));
  expect(gauges).toEqual({ OpenAttention: 1, OldestAttentionSeconds: 12 * 86_400 });

  const admin = aContext(LATER.now + 12 * DAY_MS, "admin");
  await payments.save(review, answer(review, { entry: "mismatch-AP0", reason: "refunded" }, admin));
  await publishAttention(at(LATER.now + 12 * DAY_MS + MINUTE_MS));
  expect(gauges).toEqual({ OpenAttention: 0, OldestAttentionSeconds: 0 });
});

test("the gauge counts the payments of all buckets, and is as old as the oldest entry that waits", async () => {
  const { at, payments, gauges } = world();
  for (let n = 0; n < 9; n++) {
    const paid = { ...aConfirmed(anOpened(aRef())), acknowledgedAt: LATER.now };
    await payments.create(flag(paid, CLOSED_LISTING, aContext(LATER.now + n * HOUR_MS)));
    await payments.create(anOpened(aRef()));
  }
  await publishAttention(at(LATER.now + DAY_MS));
  expect(gauges).toEqual({ OpenAttention: 9, OldestAttentionSeconds: 86_400 });
});

test("the gauge counts a payment that needs a person although its row cannot be read", async () => {
  const { at, memory, gauges } = world();
  for (const change of [{ schema: 2 }, {}]) {
    const row = toItem(aReviewed(anOpened(aRef())));
    memory.rows.set(row["pk"], { ...row, ...change });
  }
  await publishAttention(at(LATER.now + MINUTE_MS));
  expect(gauges).toEqual({ OpenAttention: 2, OldestAttentionSeconds: 60 });
});

test("an entry that a clock ahead of ours has dated counts, and has waited no time", async () => {
  const { at, payments, gauges } = world();
  await payments.create(aReviewed());
  await publishAttention(at(LATER.now - 10 * MINUTE_MS));
  expect(gauges).toEqual({ OpenAttention: 1, OldestAttentionSeconds: 0 });
});

test("each new entry of attention is logged once, with its payment, its code and its subject", async () => {
  const { ports, errors } = world();
  const once = aConfirmed();
  const twice = captured(once, "duplicate", moneyOn(once, 0, { reference: "AP2" }));
  const thrice = captured(twice, "duplicate", moneyOn(once, 0, { reference: "AP3" }));
  const changes: [Payment, Payment][] = [
    [once, twice],
    [twice, thrice],
    [thrice, { ...thrice, verifiedAt: 1 }],
  ];
  await publish(
    ports,
    changes.map(([before, after]) => ({ before, after })),
  );
  expect(errors.map(([message, fields]) => [message, fields?.["code"], fields?.["subject"]])).toEqual([
    ["attention_raised", "duplicate", "AP2"],
    ["attention_raised", "duplicate", "AP3"],
  ]);
  expect(errors[0]?.[1]).toMatchObject({ payment_id: paymentIdOf(once.ref) });
});

test("a delivery, an expiry and a verification that are a day late are counted and logged by the sweep, each once", async () => {
  const { at, payments, counted, errors } = world();
  const paid = aConfirmed();
  const acknowledged = deliveryEnded(aConfirmed(), true, LATER);
  const waiting = anOpened();
  for (const payment of [paid, acknowledged, waiting]) await payments.create(payment);
  await sweep(at(LATER.now + HOUR_MS), LATER.now + HOUR_MS);
  expect(counted).toEqual([]);
  await sweep(at(LATER.now + 8 * DAY_MS), LATER.now + 8 * DAY_MS);
  expect(counted).toEqual(["DeadlineMissed", "DeadlineMissed", "DeadlineMissed"]);
  const logged = errors.map(([message, fields]) => [message, fields?.["deadline"], fields?.["payment_id"]]);
  expect(logged.toSorted()).toEqual([
    ["deadline_missed", "delivery", paymentIdOf(paid.ref)],
    ["deadline_missed", "expiry", paymentIdOf(waiting.ref)],
    ["deadline_missed", "verification", paymentIdOf(waiting.ref)],
  ]);
});

test("books count as compared once a comparison reached its end, not for each hour in which Chapa gave no list", async () => {
  const { client, ports, payments, counted } = world();
  const unasked = () => Promise.reject(new Error("nobody asks for this"));
  let list: { transactions: never[]; last: boolean } | undefined;
  const chapa = { verify: unasked, cancel: unasked, current: unasked, transactions: async () => list };
  const books = {
    ...ports,
    payments,
    chapa,
    progress: new ProgressTable(client, "payments"),
    pagesLimit: 2_000,
    bucketsOf: dayBuckets,
    clock: { now: () => LATER.now, sleep: async () => undefined },
  };
  for (let hour = 0; hour < 30; hour++) await reconcile(books, LATER.now + HOUR_MS);
  expect(counted).not.toContain("Reconciled");

  list = { transactions: [], last: true };
  for (let hour = 0; hour < 3; hour++) await reconcile(books, LATER.now + HOUR_MS);
  expect(counted.filter((name) => name === "Reconciled")).toEqual(["Reconciled"]);
});
