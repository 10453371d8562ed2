import { expect, test } from "vitest";
import { DependencyUnavailable } from "../../lib/domain/errors.ts";
import { type PublishPorts, publish } from "../../lib/flows/publish.ts";
import { MarkTable } from "../../lib/table/marks.ts";
import { TotalsTable } from "../../lib/table/totals.ts";
import { MemoryTable } from "../support/memory-table.ts";
import { aConfirmed, anOpened, aReviewed, POLICY, T0 } from "../support/payments.ts";

function start(marks?: PublishPorts["marks"]) {
  const memory = new MemoryTable();
  const logged: string[] = [];
  const counted: string[] = [];
  const sent: object[] = [];
  let ids = 0;
  const take = async (messages: readonly { message: object }[]) =>
    void sent.push(...messages.map(({ message }) => message));
  const record = (message: string) => void logged.push(message);
  const ports: PublishPorts = {
    listing: { sendAll: take },
    notification: { sendAll: take },
    marks: marks ?? new MarkTable(memory.client, "payments"),
    totals: new TotalsTable(memory.client, "payments"),
    newId: () => `id-${++ids}`,
    policy: POLICY,
    clock: { now: () => T0 },
    log: { info: record, warn: record, error: record },
    count: (name) => void counted.push(name),
  };
  return { ports, logged, counted, sent, day: () => memory.rows.get("T#2026-11-24") };
}

test("attention and totals of a version whose record comes twice are counted once", async () => {
  const { ports, logged, day } = start();
  const opened = anOpened();
  const change = { before: opened, after: aReviewed(opened) };
  const paid = { before: anOpened(), after: aConfirmed() };
  for (let times = 0; times < 2; times++) await publish(ports, [change, paid]);
  expect(logged).toEqual(["attention_raised"]);
  expect(day()).toMatchObject({ success: 1, revenue: 50_000 });
});

test("if no mark can be written, a person is called and the messages are sent, but nothing is added to the totals", async () => {
  const away = async () => Promise.reject(new DependencyUnavailable("The table"));
  const { ports, logged, sent, day } = start({ count: away });
  const opened = anOpened();
  await publish(ports, [
    { before: opened, after: aReviewed(opened) },
    { before: opened, after: aConfirmed(opened) },
  ]);
  expect(logged).toEqual(["totals_not_counted", "attention_raised", "totals_not_counted"]);
  expect(sent).toHaveLength(2);
  expect(day()).toBeUndefined();
});

test("a refund that is unclear, refused or undone is counted once for its own alarm, and other attention for none", async () => {
  const { ports, counted } = start();
  const paid = aConfirmed();
  const raised = (["refund_unclear", "refund_refused", "refund_undone", "duplicate", "mismatch"] as const).map(
    (code, index) => ({
      before: paid,
      after: { ...paid, version: paid.version + 1 + index, attention: [{ code, subject: "r-1", at: T0 }] },
    }),
  );
  for (let times = 0; times < 2; times++) await publish(ports, raised);
  expect(counted).toEqual(["RefundUnclear", "RefundRefused", "RefundUndone"]);
});
