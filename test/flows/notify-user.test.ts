import { expect, test } from "vitest";
import { PaymentUnreadable } from "../../lib/domain/errors.ts";
import { notifyUsers } from "../../lib/flows/notify-user.ts";
import { aConfirmed, anOpened, aRef, T0 } from "../support/payments.ts";

test("a message about an unreadable payment comes back later, and the messages behind it are sent now", async () => {
  const [bad, paid] = [aRef(), aConfirmed(anOpened())];
  const ended: unknown[] = [];
  const messages = [bad, paid.ref].map((ref) => ({
    body: { ref, version: 3, event: "paid" as const },
    receives: 1,
    done: async () => void ended.push([ref, "done"]),
    later: async (seconds: number) => void ended.push([ref, seconds]),
  }));
  const done = await notifyUsers(
    {
      payments: {
        find: async (ref) => {
          if (ref === bad) throw new PaymentUnreadable();
          return paid;
        },
      },
      contacts: { find: async () => undefined },
      inbox: { next: async () => messages.shift() },
      marks: { begin: async () => undefined, replace: async () => true },
      baseUrl: "https://pay.rental.et",
      newId: () => "call-1",
      dropped: { send: async () => undefined },
      notification: { send: async () => "sent" },
      clock: { now: () => T0 },
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    },
    T0 + 60_000,
  );
  expect(done).toEqual({ sent: 1 });
  expect(ended).toEqual([
    [bad, 900],
    [paid.ref, "done"],
  ]);
});
