import type { Initialized } from "../../chapa/classify.ts";
import type { ChapaClient } from "../../chapa/client.ts";
import { returnPath, WEBHOOK_PATH } from "../../contract/routes.ts";
import {
  AttemptsUsedUp,
  errorName,
  GatewayMisconfigured,
  GatewayRefused,
  GatewayUnavailable,
} from "../../domain/errors.ts";
import { LAST_ATTEMPT, type TxRef, txRefOf } from "../../domain/ids.ts";
import { attemptsLeft, type Policy } from "../../domain/looks.ts";
import { type Act, leased, open as opened, reject, takeOver } from "../../domain/moves.ts";
import type { Lease, Payment, Terms } from "../../domain/payment.ts";
import { SECOND_MS } from "../../domain/time.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Log } from "../../runtime/logger.ts";
import type { Count } from "../../runtime/metrics.ts";
import type { Contact, ContactTable } from "../../table/contacts.ts";
import type { PaymentTable } from "../../table/payments.ts";

export type OpenPorts = {
  payments: Pick<PaymentTable, "save">;
  contacts: Pick<ContactTable, "store">;
  chapa: Pick<ChapaClient, "initialize" | "cancel">;
  clock: Clock;
  log: Log;
  count: Count;
  policy: Policy;
  baseUrl: string;
};

/** What the holder of the lease needs to open a checkout. `deadline` is epoch ms. */
export type CheckoutJob = { terms: Terms; title: string; contact: Contact; lease: Lease; deadline: number };

// A second try inside the request only makes sense with this much time left.
const SECOND_TRY_MS = 4 * SECOND_MS;
const TRIES = 2;
// After an answer got lost, nobody asks again for this long.
const LOST_LEASE_MS = 30 * SECOND_MS;
const RETRY_SECONDS = 5;

/**
 * Opens a checkout at Chapa for the attempt that the caller holds, and stores its URL. A reference is good for one try
 * in all time: an answer that got lost costs an attempt, never a second checkout.
 * @returns the payment as it is stored, whoever stored it; undefined when the row is gone
 * @throws GatewayRefused, GatewayMisconfigured, GatewayUnavailable, AttemptsUsedUp
 */
export async function openCheckout(ports: OpenPorts, held: Payment, job: CheckoutJob): Promise<Payment | undefined> {
  // Cancelling what nobody will be given is best effort; it runs beside the next try and is not waited for before it.
  const hygiene: Promise<unknown>[] = [storeContact(ports, held, job)];
  try {
    return await open(ports, held, job, hygiene);
  } finally {
    await Promise.allSettled(hygiene);
  }
}

async function open(
  ports: OpenPorts,
  held: Payment,
  job: CheckoutJob,
  hygiene: Promise<unknown>[],
): Promise<Payment | undefined> {
  let payment = held;
  let contact = job.contact;
  for (let tries = 1; ; tries++) {
    const txRef = txRefOf(payment.ref, payment.attempt);
    const answer = await initialize(ports, txRef, job, contact);
    if (answer.outcome === "opened") return keep(ports, payment, answer.checkoutUrl, job, hygiene);
    if (answer.outcome === "lost") hygiene.push(ports.chapa.cancel(txRef, left(ports, job)));

    const another = nextTry(answer, tries < TRIES && left(ports, job) >= SECOND_TRY_MS);
    if (!another) return giveUp(ports, payment, answer, job);
    if (another === "without contact") contact = {};
    if (!attemptsLeft(payment, LAST_ATTEMPT)) throw new AttemptsUsedUp();
    const next = takeOver(payment, job.terms, job.lease, actOf(ports));
    const saved = await ports.payments.save(payment, next);
    if (!saved.won) return saved.payment;
    payment = next;
  }
}

type NotOpened = Exclude<Initialized, { outcome: "opened" }>;

function nextTry(answer: NotOpened, isTimeLeft: boolean): "same" | "without contact" | undefined {
  if (!isTimeLeft) return undefined;
  if (answer.outcome === "lost" || answer.outcome === "used before") return "same";
  // Chapa refuses an address or a number that it does not like, and needs neither.
  return answer.outcome === "refused" && answer.contactOnly ? "without contact" : undefined;
}

function initialize(ports: OpenPorts, txRef: TxRef, job: CheckoutJob, contact: Contact): Promise<Initialized> {
  return ports.chapa.initialize(
    {
      txRef,
      ...job.terms,
      title: job.title,
      callbackUrl: `${ports.baseUrl}${WEBHOOK_PATH}`,
      returnUrl: `${ports.baseUrl}${returnPath(txRef)}`,
      contact,
    },
    left(ports, job),
  );
}

/** The fenced save. Whoever was overtaken answers with what is stored, never with a URL of its own. */
async function keep(
  ports: OpenPorts,
  payment: Payment,
  checkoutUrl: string,
  job: CheckoutJob,
  hygiene: Promise<unknown>[],
): Promise<Payment | undefined> {
  const { ref, attempt } = payment;
  const saved = await ports.payments.save(payment, opened(payment, job.lease.holder, checkoutUrl, actOf(ports)));
  if (saved.won) {
    ports.count("PaymentOpened");
    ports.log.info("checkout_opened", { ref, attempt });
    return saved.payment;
  }
  // Stored after all, when the answer of this save got lost and others have written since: what callers hold stays open.
  const isStored = saved.payment?.attempts[attempt] !== undefined;
  if (isStored) return saved.payment;
  hygiene.push(ports.chapa.cancel(txRefOf(ref, attempt), left(ports, job)));
  ports.log.warn("orphan_checkout", { ref, attempt });
  return saved.payment;
}

async function giveUp(
  ports: OpenPorts,
  payment: Payment,
  answer: NotOpened,
  job: CheckoutJob,
): Promise<Payment | undefined> {
  const { holder } = job.lease;
  const now = ports.clock.now();
  ports.log.warn("checkout_not_opened", { ref: payment.ref, attempt: payment.attempt, outcome: answer.outcome });
  switch (answer.outcome) {
    case "refused": {
      const saved = await ports.payments.save(payment, reject(payment, holder, answer.reason, actOf(ports)));
      if (!saved.won) return saved.payment;
      throw new GatewayRefused(answer.reason);
    }
    case "misconfigured":
      ports.count("ChapaMisconfigured");
      await ports.payments.save(payment, leased(payment, { holder, until: now, unsent: true }));
      throw new GatewayMisconfigured(RETRY_SECONDS);
    case "unsent":
      ports.count("ChapaUnavailable");
      await ports.payments.save(payment, leased(payment, { holder, until: now, unsent: true }));
      throw new GatewayUnavailable(RETRY_SECONDS);
    case "used before":
      await ports.payments.save(payment, leased(payment, { holder, until: now }));
      throw new GatewayUnavailable(RETRY_SECONDS);
    case "lost":
      ports.count("ChapaUnavailable");
      await ports.payments.save(payment, leased(payment, { holder, until: now + LOST_LEASE_MS }));
      throw new GatewayUnavailable(LOST_LEASE_MS / SECOND_MS);
  }
}

/** Without it the payer only goes without a message; it never costs him the checkout. */
async function storeContact(ports: OpenPorts, payment: Payment, { contact }: CheckoutJob): Promise<void> {
  try {
    await ports.contacts.store(payment.ref, contact, ports.clock.now());
  } catch (error) {
    ports.log.error("contact_not_stored", { ref: payment.ref, error: errorName(error) });
  }
}

function left(ports: OpenPorts, job: CheckoutJob): number {
  return job.deadline - ports.clock.now();
}

function actOf(ports: OpenPorts): Act {
  return { now: ports.clock.now(), by: "initiate", policy: ports.policy };
}
