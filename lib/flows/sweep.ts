import type { ListingMessage, ResolveMessage } from "../contract/queues.ts";
import { eventIdOf, txRefOf } from "../domain/ids.ts";
import { attemptsToLookAt, awaitsListing, type Policy } from "../domain/looks.ts";
import { republished } from "../domain/moves.ts";
import { openedAttempts, type Payment } from "../domain/payment.ts";
import { MINUTE_MS } from "../domain/time.ts";
import type { Outgoing, Queue } from "../queue/send.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/logger.ts";
import type { PaymentTable } from "../table/payments.ts";
import { updatePayment } from "./steps/update-payment.ts";

export type SweepPorts = {
  payments: Pick<PaymentTable, "due" | "findAll" | "save">;
  shards: readonly string[];
  resolve: Pick<Queue<ResolveMessage>, "sendAll">;
  listing: Pick<Queue<ListingMessage>, "sendAll">;
  clock: Pick<Clock, "now">;
  log: Log;
  policy: Policy;
};

// Payments that one run takes from each bucket, the most overdue first; what is left is due in the next minute too.
const PAGE = 200;

/**
 * Finds every payment that is due, whatever was lost on the way to it: asks for a look at each opened checkout that
 * awaits one, and publishes successes that the listing has not heard.
 */
export async function sweep(ports: SweepPorts): Promise<{ due: number; looks: number; published: number }> {
  const now = ports.clock.now();
  const keys = await Promise.all(ports.shards.map((shard) => ports.payments.due(shard, now, PAGE)));
  const payments = await ports.payments.findAll(keys.flat());
  const due = payments.filter(({ dueAt }) => dueAt !== undefined && dueAt <= now);

  const looks = due.flatMap((payment) => looksOf(payment, now));
  await ports.resolve.sendAll(looks);
  const unheard = due.filter(awaitsListing);
  await ports.listing.sendAll(unheard.map((payment) => listingMessage(payment, now)));
  // Looks date the next one themselves; nothing else would date these.
  await Promise.all(due.filter((payment) => isLookedAtLast(payment, now)).map((payment) => dateAgain(ports, payment)));

  const done = { due: due.length, looks: looks.length, published: unheard.length };
  ports.log.info("sweep_done", done);
  return done;
}

function looksOf(payment: Payment, now: number): Outgoing<ResolveMessage>[] {
  if (isLookedAtLast(payment, now)) return [];
  return attemptsToLookAt(payment, now).map((attempt) => ({
    message: { tx_ref: txRefOf(payment.ref, attempt), trigger: "due" },
  }));
}

/** A success none of whose checkouts awaits a look now. */
function isLookedAtLast(payment: Payment, now: number): boolean {
  if (payment.state !== "SUCCESS") return false;
  return !openedAttempts(payment).some(({ lookAt }) => lookAt !== undefined && lookAt <= now);
}

function listingMessage(payment: Payment, now: number): Outgoing<ListingMessage> {
  const { ref, version, propertyId } = payment;
  const minute = Math.floor(now / MINUTE_MS);
  return {
    message: { ref, version },
    fifo: { group: propertyId ?? ref, deduplication: `${eventIdOf(ref, version)}.${minute}` },
  };
}

async function dateAgain(ports: SweepPorts, payment: Payment): Promise<void> {
  await updatePayment(ports.payments, payment, (current) =>
    current.version === payment.version
      ? republished(current, { now: ports.clock.now(), by: "sweep", policy: ports.policy })
      : undefined,
  );
}
