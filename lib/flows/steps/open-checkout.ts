import type { Initialized } from "../../chapa/classify.ts";
import type { ChapaClient } from "../../chapa/client.ts";
import { returnPath, WEBHOOK_PATH } from "../../contract/routes.ts";
import { open as opened, reject, type Start, takeOver } from "../../domain/apply.ts";
import type { Contact } from "../../domain/contact.ts";
import { errorName, GatewayMisconfigured, GatewayRefused, GatewayUnavailable } from "../../domain/errors.ts";
import { paymentIdOf, txRefOf } from "../../domain/ids.ts";
import { leased } from "../../domain/notes.ts";
import type { Payment } from "../../domain/payment.ts";
import { MINUTE_MS, SECOND_MS } from "../../domain/time.ts";
import { isAllowed, type TransitionContext } from "../../domain/transitions.ts";
import type { ContactTable } from "../../table/contacts.ts";
import { paymentFields } from "./payment-fields.ts";
import { heldAs, type Recovered, type RecoverPorts, recoverAttempt } from "./recover-attempt.ts";
import { updatePayment } from "./update-payment.ts";

export type OpenPorts = RecoverPorts & {
  contacts: Pick<ContactTable, "store">;
  chapa: Pick<ChapaClient, "initialize" | "current" | "renewed">;
  baseUrl: string;
};

/** What the holder of the lease needs to open a checkout. `deadline` is epoch ms. */
export type CheckoutJob = Start & { title: string; contact: Contact; deadline: number };

// A second try within the request needs at least this much time.
const SECOND_TRY_MS = 4 * SECOND_MS;
const TRIES = 2;
// After a lost answer, no caller tries again for this long, doubled with each lost answer in a row.
const FIRST_LOST_LEASE_MS = 30 * SECOND_MS;
const LONGEST_LOST_LEASE_MS = 5 * MINUTE_MS;
const RETRY_SECONDS = 5;

/**
 * Opens a checkout at Chapa for the attempt that the caller holds, and stores its URL. After a lost answer Chapa is
 * asked first what it knows, so no second checkout is opened beside one that exists.
 * @returns the payment as it is stored, by this request or another; undefined if the row is gone
 * @throws GatewayRefused, GatewayMisconfigured, GatewayUnavailable, PaymentUnclear
 */
export async function openCheckout(ports: OpenPorts, held: Payment, job: CheckoutJob): Promise<Payment | undefined> {
  const opening: Opening = { ports, job, aside: [storeContact(ports, held, job)] };
  try {
    return await open(opening, held);
  } finally {
    await Promise.allSettled(opening.aside);
  }
}

/** `aside` runs beside the next try as best effort. We wait for it only at the end. */
type Opening = { ports: OpenPorts; job: CheckoutJob; aside: Promise<unknown>[] };

async function open(opening: Opening, held: Payment): Promise<Payment | undefined> {
  let payment = held;
  let contact = opening.job.contact;
  for (let tries = 1; ; tries++) {
    const answer = await initialize(opening, payment, contact);
    if (answer.kind === "opened") return keep(opening, payment, answer.checkoutUrl);
    const isTimeLeft = tries < TRIES && left(opening) >= SECOND_TRY_MS;
    const isContact = isRefusedContact(answer, contact);
    const next = isTimeLeft
      ? await nextTry(opening, payment, isContact ? { kind: "refused_contact" } : answer)
      : undefined;
    // Nothing is final before one try without contact data.
    if (!next) return giveUp(opening, payment, isContact ? { kind: "unsent" } : answer);
    if (!next.isMine) return next.payment;
    if (isContact) contact = {};
    payment = next.payment;
  }
}

/** Whether Chapa may have refused only contact data: it refuses some addresses and numbers, but requires neither. */
function isRefusedContact(answer: NotOpened, { email, phone, name }: Contact): boolean {
  const isRefused = answer.kind === "refused" || answer.kind === "misconfigured";
  return isRefused && answer.maybeContact && [email, phone, name].some(Boolean);
}

type NotOpened = Exclude<Initialized, { kind: "opened" }>;

/** Returns the attempt for a second try within the request; undefined if a second try cannot help. */
async function nextTry(
  opening: Opening,
  payment: Payment,
  answer: NotOpened | { kind: "refused_contact" },
): Promise<Recovered | undefined> {
  const { ports, job } = opening;
  switch (answer.kind) {
    case "lost":
    case "used_before":
      try {
        const recovered = await recoverAttempt(opening, payment, answer.kind);
        // The next press goes on with the next payment of the fee.
        return !recovered.isMine && recovered.isUsedUp ? undefined : recovered;
      } catch (error) {
        // Verify gives no answer either, so the lease says when to try again.
        if (error instanceof GatewayUnavailable) return undefined;
        throw error;
      }
    case "refused_contact":
      return heldAs(ports, payment, takeOver(payment, job, contextOf(ports)));
    case "key_refused": {
      const current = await ports.chapa.renewed();
      if (current.key === payment.terms.key || current.mode !== payment.terms.mode) return undefined;
      const terms = { ...job.terms, ...current };
      return heldAs(ports, payment, takeOver(payment, { ...job, terms }, contextOf(ports)));
    }
    case "refused":
    case "misconfigured":
    case "unsent":
      return undefined;
  }
}

function initialize(opening: Opening, payment: Payment, contact: Contact): Promise<Initialized> {
  const { ports, job } = opening;
  const txRef = txRefOf(payment, payment.attempt);
  return ports.chapa.initialize(
    {
      txRef,
      ...payment.terms,
      title: job.title,
      callbackUrl: `${ports.baseUrl}${WEBHOOK_PATH}`,
      returnUrl: `${ports.baseUrl}${returnPath(txRef)}`,
      meta: { payment_id: paymentIdOf(payment.ref), property_id: payment.propertyId },
      contact,
    },
    left(opening),
  );
}

/**
 * Stores the URL. If another request saved its checkout first, this request cancels its own and returns the saved
 * payment.
 */
async function keep(opening: Opening, payment: Payment, checkoutUrl: string): Promise<Payment | undefined> {
  const { ports, job, aside } = opening;
  const { attempt } = payment;
  // A note that somebody wrote beside our lease is no other opener.
  // The row may also be another one: a claim that was discarded and made anew has the same version.
  const { holder } = job.lease;
  const isStillMine = (current: Payment) =>
    current.version === payment.version && isAllowed("open", current, { ...contextOf(ports), holder });
  const saved = await updatePayment(ports.payments, payment, (current) =>
    isStillMine(current) ? opened(current, holder, checkoutUrl, contextOf(ports)) : undefined,
  );
  if (saved.stepped) {
    ports.count("PaymentOpened");
    ports.log.info("checkout_opened", paymentFields(payment, attempt));
    return saved.payment;
  }
  // Our save succeeded although its answer was lost, and others have written since. Callers hold this checkout, so it
  // stays open.
  const isStored = saved.payment?.attempts[attempt] !== undefined;
  if (isStored) return saved.payment;
  aside.push(ports.chapa.cancel(txRefOf(payment, attempt), payment.terms.key, left(opening)));
  ports.log.warn("unmatched_checkout", paymentFields(payment, attempt));
  return saved.payment;
}

async function giveUp({ ports, job }: Opening, payment: Payment, answer: NotOpened): Promise<Payment | undefined> {
  const { holder } = job.lease;
  const now = ports.clock.now();
  const level = answer.kind === "key_refused" || answer.kind === "misconfigured" ? "error" : "warn";
  ports.log[level]("checkout_not_opened", { ...paymentFields(payment, payment.attempt), outcome: answer.kind });
  switch (answer.kind) {
    case "refused": {
      const saved = await ports.payments.save(payment, reject(payment, holder, answer.reason, contextOf(ports)));
      if (!saved.won) return saved.payment;
      throw new GatewayRefused(answer.reason);
    }
    case "misconfigured":
    case "key_refused":
      ports.count("ChapaMisconfigured");
      await ports.payments.save(payment, leased(payment, { holder, until: now, unsent: true }));
      throw new GatewayMisconfigured(RETRY_SECONDS);
    case "unsent":
      ports.count("ChapaUnavailable");
      await ports.payments.save(payment, leased(payment, { holder, until: now, unsent: true }));
      throw new GatewayUnavailable(RETRY_SECONDS);
    case "used_before":
      await ports.payments.save(payment, leased(payment, { holder, until: now }));
      throw new GatewayUnavailable(RETRY_SECONDS);
    case "lost": {
      ports.count("ChapaUnavailable");
      const lost = (payment.lease?.lost ?? 0) + 1;
      const waitMs = Math.min(FIRST_LOST_LEASE_MS * 2 ** (lost - 1), LONGEST_LOST_LEASE_MS);
      await ports.payments.save(payment, leased(payment, { holder, until: now + waitMs, lost }));
      throw new GatewayUnavailable(waitMs / SECOND_MS);
    }
  }
}

/** Without a contact the payer only gets no message, so a failure must not cost them the checkout. */
async function storeContact(ports: OpenPorts, payment: Payment, { contact }: CheckoutJob): Promise<void> {
  try {
    await ports.contacts.store(payment.ref, contact, ports.clock.now());
  } catch (error) {
    ports.log.error("contact_not_stored", { ...paymentFields(payment), error: errorName(error) });
  }
}

function left({ ports, job }: Opening): number {
  return job.deadline - ports.clock.now();
}

function contextOf(ports: OpenPorts): TransitionContext {
  return { now: ports.clock.now(), by: "initiate", policy: ports.policy };
}
