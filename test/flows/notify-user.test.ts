import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import type { MetricName } from "../../lib/contract/metrics.ts";
import type { NotificationMessage } from "../../lib/contract/queues.ts";
import { PaymentUnreadable } from "../../lib/domain/errors.ts";
import { Ref } from "../../lib/domain/ids.ts";
import { DAY_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import { type NotifyUserPorts, notifyUsers } from "../../lib/flows/notify-user.ts";
import type { Delivery } from "../../lib/services/notification.ts";
import { MarkTable } from "../../lib/table/marks.ts";
import { NotificationPauseTable } from "../../lib/table/notification-pause.ts";
import { MemoryTable } from "../support/memory-table.ts";
import { aConfirmed, anOpened, aRef, T0 } from "../support/payments.ts";

const MAX_AGE_MS = 13 * DAY_MS;

/** A queue of messages about paid payments, and a service that answers as it is told. */
function world(answers: Delivery["kind"][] | undefined, count = 1, perMinute = 8) {
  const payments = Array.from({ length: count }, () => aConfirmed(anOpened(aRef())));
  const { client } = new MemoryTable();
  const queue: NotificationMessage[] = payments.map(({ ref, version }) => ({ ref, version, event: "paid" }));
  const ended: string[] = [];
  const called: string[] = [];
  const counted: MetricName[] = [];
  const errors: unknown[] = [];
  let now = T0;
  const ports: NotifyUserPorts = {
    payments: { find: async (ref) => payments.find((payment) => payment.ref === ref) },
    baseUrl: "https://pay.rental.et",
    receiptOf: async (paymentId) => `/api/v1/payments/${paymentId}/receipt`,
    contacts: { find: async () => undefined },
    inbox: {
      next: async () => {
        const message = queue.shift();
        if (!message) return undefined;
        return {
          body: { ...message, ref: Ref.parse(message.ref) },
          receives: 1,
          sentAt: T0,
          done: async () => void ended.push("done"),
          later: async (seconds) => void ended.push(`later ${seconds}`),
        };
      },
    },
    waiting: { send: async ({ message }) => void queue.push(message) },
    dropped: { send: async () => void ended.push("dropped") },
    marks: new MarkTable(client, "payments"),
    pause: new NotificationPauseTable(client, "payments"),
    notification: answers && {
      send: async ({ txRef }) => {
        called.push(txRef);
        return { kind: answers.shift() ?? "sent", status: 401 };
      },
    },
    perMinute,
    maxAgeMs: MAX_AGE_MS,
    newId: randomUUID,
    clock: { now: () => now },
    log: { info: () => undefined, warn: () => undefined, error: (...entry) => void errors.push(entry) },
    count: (name) => void counted.push(name),
  };
  const run = async (atMs: number) => {
    now = T0 + atMs;
    return notifyUsers(ports, now + MINUTE_MS);
  };
  return { ports, payments, queue, ended, called, counted, errors, run };
}

test("a payer is not told that nobody paid while an earlier payment of the fee cannot be read", async () => {
  const { ports, payments, queue, ended, called, run } = world([], 2);
  const [left, latest] = [payments[0], payments[1]];
  const { find } = ports.payments;
  ports.payments.find = async (ref) => {
    if (ref === left?.ref) throw new PaymentUnreadable();
    const found = await find(ref);
    return found && { ...found, state: "EXPIRED", previous: left?.ref };
  };
  queue.splice(0, queue.length, { ref: latest?.ref ?? "", version: 2, event: "expired" });
  await run(0);
  expect({ ended, called }).toEqual({ ended: ["later 900"], called: [] });
});

test("a message about an unreadable payment comes back later, and the messages behind it are sent now", async () => {
  const { ports, payments, ended, run } = world([], 2);
  const [bad] = payments;
  const { find } = ports.payments;
  ports.payments.find = async (ref) => {
    if (ref === bad?.ref) throw new PaymentUnreadable();
    return find(ref);
  };
  expect(await run(0)).toMatchObject({ sent: 1 });
  expect(ended).toEqual(["later 900", "done"]);
});

test("a refusal by the notification service is counted and logged with its status, and pauses all messages for ten minutes", async () => {
  const { queue, called, counted, errors, ended, run } = world(["not_allowed"], 3);
  expect(await run(0)).toMatchObject({ sent: 0 });
  expect([called.length, queue.length, counted]).toEqual([1, 3, ["NotificationRefused"]]);
  expect(errors).toEqual([["notification_refused", { status: 401 }]]);
  expect(await run(9 * MINUTE_MS)).toMatchObject({ sent: 0 });
  expect(called).toHaveLength(1);
  expect(await run(10 * MINUTE_MS)).toMatchObject({ sent: 3 });
  expect(ended).toEqual(["done", "done", "done", "done"]);
});

test("no message is given up or delayed because the notification service refuses us for a month", async () => {
  const { queue, called, ended, run } = world(Array.from({ length: 100 }, () => "not_allowed"));
  for (let hour = 0; hour < 100; hour++) await run(hour * 60 * MINUTE_MS);
  expect([called.length, queue.length]).toEqual([100, 1]);
  expect(new Set(ended)).toEqual(new Set(["done"]));
  expect(await run(101 * 60 * MINUTE_MS)).toMatchObject({ sent: 1 });
});

test("a message that is put back and received twice is sent once", async () => {
  const { queue, called, run } = world(["not_allowed"]);
  await run(0);
  queue.push(...queue);
  expect(await run(10 * MINUTE_MS)).toMatchObject({ sent: 1 });
  expect(called).toHaveLength(2);
});

test("without a notification service the queue is emptied and nobody is asked", async () => {
  const { queue, ended, counted, run } = world(undefined, 12);
  expect(await run(0)).toMatchObject({ sent: 0 });
  expect([queue.length, ended.length, counted]).toEqual([0, 12, []]);
});

test.each([1, 8, 80, 700])("messages to payers go out at the pace that is set: %i a minute", async (perMinute) => {
  const { called, queue, run } = world([], perMinute + 5, perMinute);
  expect(await run(0)).toEqual({ sent: perMinute, failed: 0 });
  expect([called.length, queue.length]).toEqual([perMinute, 5]);
});

test("a pace of many lanes stops in all of them when the service does not answer", async () => {
  const { called, queue, run } = world(
    Array.from({ length: 700 }, () => "later"),
    700,
    700,
  );
  expect(await run(0)).toMatchObject({ sent: 0 });
  expect([called.length <= 20, queue.length >= 680]).toEqual([true, true]);
});

test("messages that are too old are counted as expired, and take no place from those that are not", async () => {
  const { ended, called, counted, run } = world([], 30);
  expect(await run(MAX_AGE_MS + 1)).toEqual({ sent: 0, failed: 0 });
  expect([called, counted.length, new Set(counted), ended.length]).toEqual([
    [],
    30,
    new Set(["NotificationExpired"]),
    30,
  ]);
});

test("a message on its last day is sent", async () => {
  const { called, counted, run } = world([]);
  await run(MAX_AGE_MS);
  expect([called.length, counted]).toEqual([1, []]);
});
