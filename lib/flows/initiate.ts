import { modeChanged, renew, reopen, settleUnpaid } from "../domain/apply.ts";
import type { InitiateCommand } from "../domain/commands.ts";
import { type Decision, decide, type KnownRequest } from "../domain/decide.ts";
import {
  AttemptsUsedUp,
  CheckoutBeingOpened,
  GatewayRefused,
  InitiatePaused,
  ListingClosed,
  PaymentUnclear,
  type Quota,
  RequestDiffers,
} from "../domain/errors.ts";
import type { ClosingEvidence } from "../domain/evidence.ts";
import { isInert, type Payment } from "../domain/payment.ts";
import { SECOND_MS } from "../domain/time.ts";
import type { Closed } from "../table/table-identity.ts";
import {
  askedOf,
  begin,
  feeOf,
  type InitiatePorts,
  type InitiateRun,
  type Job,
  newClaim,
  prepare,
  type Started,
  startOf,
} from "./steps/begin-request.ts";
import { leaveCheckout } from "./steps/leave-checkout.ts";
import { type CheckoutJob, openCheckout } from "./steps/open-checkout.ts";
import { recoverAttempt } from "./steps/recover-attempt.ts";
import { updatePayment } from "./steps/update-payment.ts";

// A fee that may be paid again needs a new serial each time. No real owner comes near this number.
const SERIALS_LIMIT = 256;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = SECOND_MS;
// What a request may do that may not open or close a checkout.
const WITHOUT_EFFECT: ReadonlySet<Decision["kind"]> = new Set(["answer", "refuse", "wait", "next_serial"]);

/**
 * Returns the one payment of this fee, with a checkout while it can be paid. The row is stored before we call Chapa, so
 * the next request can finish what an interrupted one began.
 * @throws every PaymentError that a caller may see
 */
export async function initiate(ports: InitiatePorts, command: InitiateCommand, run: InitiateRun): Promise<Initiated> {
  const job = await prepare(ports, command, run);
  const known = ports.identity.knownClosed(job.namespace);
  if (known) throw refusedAs(ports, known);
  const [started, closed] = await Promise.all([begin(job), ports.identity.closed(job.namespace)]);
  if (closed) {
    await takeBack(job, started);
    throw refusedAs(ports, closed);
  }
  const payment = await finish({ ...job, barred: started.barred ?? job.barred }, started);
  if (started.barred) await ports.requests.record(job.hash, started.request);
  if (payment.state === "FAILED" && isInert(payment))
    throw new GatewayRefused(payment.failureReason ?? "no reason was given");
  return { payment, replayed: started.replayed, quota: started.quota };
}

/** The payment, whether the same request was answered before, and how much of the caller's limit is left. */
export type Initiated = { payment: Payment; replayed: boolean; quota: Quota };

/** Undoes what {@link begin} wrote while the table was asked whether payments may begin. A retry is no replay then. */
async function takeBack({ ports, hash, run }: Job, { replayed, claimed }: Started): Promise<void> {
  if (!replayed) await ports.requests.refuse(hash, run.me, ports.clock.now());
  if (claimed) await ports.payments.discard(claimed);
}

/** A pause is a person's decision. Anything else is a fault of the stage, and calls a person. */
function refusedAs(ports: InitiatePorts, reason: Closed): InitiatePaused {
  if (reason !== "paused") {
    ports.count("TableMismatch");
    ports.log.error("initiate_refused", { reason });
  }
  return new InitiatePaused();
}

/** Takes the next step of the stored payment until it has an answer. */
async function finish(job: Job, started: Started): Promise<Payment> {
  const { ports, run } = job;
  const request = { ...started.request, asked: askedOf(job, started.request), payableAgain: job.price.payableAgain };
  let payment = await withFee(job, started.payment);
  for (let waitMs = FIRST_WAIT_MS; ; ) {
    const decision = decide(payment, request, { holder: run.me, key: job.terms.key }, job.context());
    if (job.barred && !WITHOUT_EFFECT.has(decision.kind)) throw job.barred;
    switch (decision.kind) {
      case "answer":
        return payment;
      case "refuse":
        if (started.claimed) await ports.payments.discard(started.claimed);
        throw refusalOf(decision);
      case "wait":
        await waitForOther(job, payment, waitMs);
        waitMs = Math.min(waitMs * 1.5, LONGEST_WAIT_MS);
        payment = (await ports.payments.find(payment.ref)) ?? (await claimAgain(job, payment.serial));
        break;
      case "initialize":
        payment = (await openCheckout(ports, payment, checkoutOf(job))) ?? (await claimAgain(job, payment.serial));
        break;
      case "recover":
        payment = await recover(job, payment);
        break;
      case "mode_changed":
        payment = await stored(job, payment, modeChanged(payment, payment.attempt, job.context()));
        break;
      case "reopen":
        payment = await stored(job, payment, reopen(payment, request.recordedAt, startOf(job), job.context()));
        break;
      case "renew":
      case "fail_used_up": {
        const left = await leave(job, payment, decision.kind);
        if (left.isLive) return left.payment;
        payment = left.payment;
        break;
      }
      case "next_serial":
        payment = await nextSerial(job, payment, request);
        break;
    }
  }
}

function refusalOf(decision: Extract<Decision, { kind: "refuse" }>): Error {
  switch (decision.reason) {
    case "request_differs":
      return new RequestDiffers(decision.fields);
    case "listing_closed":
      return new ListingClosed();
    case "payment_unclear":
      return new PaymentUnclear();
    case "attempts_used_up":
      return new AttemptsUsedUp();
  }
}

/**
 * Waits while another request opens this checkout.
 * @throws CheckoutBeingOpened when no time is left
 */
async function waitForOther({ ports, run }: Job, payment: Payment, waitMs: number): Promise<void> {
  const now = ports.clock.now();
  if (now + waitMs >= run.deadline) {
    const leaseMs = Math.max((payment.lease?.until ?? now) - now, 0);
    throw new CheckoutBeingOpened(Math.max(1, Math.ceil(leaseMs / 1000)));
  }
  await ports.clock.sleep(waitMs);
}

/**
 * Renews the latest checkout, or settles the payment if no attempt is left, once Chapa lets us leave the checkout.
 * @throws the errors of {@link leaveCheckout}, AttemptsUsedUp
 */
async function leave(job: Job, payment: Payment, then: "renew" | "fail_used_up"): Promise<Left> {
  const left = await leaveCheckout(job.ports, payment, { context: job.context, deadline: job.run.deadline });
  if (left.kind !== "left") {
    return { payment: left.payment ?? (await claimAgain(job, payment.serial)), isLive: left.kind === "live" };
  }
  if (then === "renew") {
    const renewed = renew(payment, left.evidence, startOf(job), job.context());
    return { payment: await stored(job, payment, renewed, left.evidence), isLive: false };
  }
  await stored(job, payment, settleUnpaid(payment, "fail", left.evidence, job.context()), left.evidence);
  throw new AttemptsUsedUp();
}

/** `isLive`: the stored URL can still be paid. */
type Left = { payment: Payment; isLive: boolean };

/** Finishes what an opener left that died or lost its answer. */
async function recover(job: Job, payment: Payment): Promise<Payment> {
  const aside: Promise<unknown>[] = [];
  try {
    const start = { ...startOf(job), deadline: job.run.deadline };
    const recovered = await recoverAttempt({ ports: job.ports, job: start, aside }, payment, "lost");
    return recovered.payment ?? (await claimAgain(job, payment.serial));
  } finally {
    await Promise.allSettled(aside);
  }
}

async function nextSerial(job: Job, payment: Payment, request: KnownRequest): Promise<Payment> {
  const serial = payment.serial + 1;
  if (serial >= SERIALS_LIMIT) throw new AttemptsUsedUp();
  if (job.barred) {
    const next = await job.ports.payments.find(job.refAt(serial));
    if (!next) throw job.barred;
    return next;
  }
  await job.ports.requests.pointTo(job.hash, request.by, job.refAt(serial));
  return claimAgain(job, serial);
}

async function claimAgain(job: Job, serial: number): Promise<Payment> {
  if (job.barred) throw job.barred;
  const { payment } = await job.ports.payments.create(newClaim(job, serial));
  return payment;
}

/** Money may arrive before a caller claims the fee. The first caller that asks for the fee names its owner. */
async function withFee(job: Job, payment: Payment): Promise<Payment> {
  if (payment.userId || job.barred) return payment;
  const updated = await updatePayment(job.ports.payments, payment, (current) =>
    current.userId ? undefined : { ...current, ...feeOf(job, current.serial) },
  );
  return updated.payment ?? payment;
}

/** @param closing what let us leave the latest checkout, if we did */
async function stored(job: Job, before: Payment, after: Payment, closing?: ClosingEvidence): Promise<Payment> {
  const saved = await job.ports.payments.save(before, after);
  if (saved.won && closing?.cancel === "lapse") job.ports.count("CheckoutLapsed");
  return saved.payment ?? claimAgain(job, before.serial);
}

function checkoutOf(job: Job): CheckoutJob {
  return {
    ...startOf(job),
    title: job.price.title,
    contact: job.contact,
    deadline: job.run.deadline,
  };
}
