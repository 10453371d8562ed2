import type { ChapaClient } from "../chapa/client.ts";
import { claim, renew, reopen, type Start, settleUnpaid, takeOver } from "../domain/apply.ts";
import type { InitiateCommand } from "../domain/commands.ts";
import type { Contact } from "../domain/contact.ts";
import { type Decision, decide, type KnownRequest, type RequestFields } from "../domain/decide.ts";
import {
  AttemptsUsedUp,
  CheckoutBeingOpened,
  DependencyUnavailable,
  errorName,
  GatewayRefused,
  GatewayUnavailable,
  InitiatePaused,
  ListingClosed,
  type Quota,
  RateLimited,
  RequestDiffers,
  UserUnknown,
} from "../domain/errors.ts";
import { type Fee, type Ref, refOf, requestHash, type Uuid } from "../domain/ids.ts";
import { toBirr } from "../domain/money.ts";
import { isInert, type Lease, type Payment, type Terms } from "../domain/payment.ts";
import { type Price, type PriceBook, priceOf } from "../domain/prices.ts";
import { SECOND_MS } from "../domain/time.ts";
import type { TransitionContext } from "../domain/transitions.ts";
import type { Policy } from "../domain/verification-schedule.ts";
import type { Refusal, Verdict } from "../runtime/rate-limit.ts";
import type { UserDirectory } from "../services/user-directory.ts";
import type { PaymentTable } from "../table/payments.ts";
import type { RequestTable } from "../table/requests.ts";
import { closeCheckout } from "./steps/close-checkout.ts";
import { type CheckoutJob, type OpenPorts, openCheckout } from "./steps/open-checkout.ts";
import { type CapturePorts, recordCapture } from "./steps/record-capture.ts";
import { runContext } from "./steps/run-context.ts";
import { updatePayment } from "./steps/update-payment.ts";

export type InitiatePorts = CapturePorts &
  OpenPorts & {
    payments: Pick<PaymentTable, "find" | "discard">;
    requests: Pick<RequestTable, "find" | "record" | "refuse" | "pointTo">;
    chapa: Pick<ChapaClient, "verify">;
    customers: Pick<UserDirectory, "find">;
    limiter: { take(key: string): Promise<Verdict>; refused(key: string): Refusal | undefined };
    namespace: () => Promise<string>;
    priceBook: PriceBook;
    policy: Policy;
    paused: boolean;
  };

/** `me` names this invocation; `deadline` and `leaseUntil` are epoch ms. */
export type InitiateRun = { me: string; deadline: number; leaseUntil: number };

// A fee that may be paid again needs a new serial each time. No real owner comes near this number.
const SERIALS_LIMIT = 256;
const RETRY_SECONDS = 5;
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = SECOND_MS;

/**
 * Returns the one payment of this fee, with a checkout while it can be paid. The row is stored before we call Chapa, so
 * the next request can finish what an interrupted one began.
 * @throws every PaymentError that a caller may see
 */
export async function initiate(ports: InitiatePorts, command: InitiateCommand, run: InitiateRun): Promise<Initiated> {
  if (ports.paused) throw new InitiatePaused();
  const job = await prepare(ports, command, run);
  const started = await begin(job);
  const payment = await finish(job, started);
  if (payment.state === "FAILED" && isInert(payment))
    throw new GatewayRefused(payment.failureReason ?? "no reason was given");
  return { payment, replayed: started.replayed, quota: started.quota };
}

/** The payment, whether the same request was answered before, and how much of the caller's limit is left. */
export type Initiated = { payment: Payment; replayed: boolean; quota: Quota };

type Job = {
  ports: InitiatePorts;
  context: () => TransitionContext;
  command: InitiateCommand;
  run: InitiateRun;
  price: Price;
  terms: Terms;
  contact: Contact;
  asked: RequestFields;
  hash: string;
  refAt: (serial: number) => Ref;
};

/** `claimed` is the untouched row of this invocation, if it wrote one. */
type Started = {
  payment: Payment;
  request: KnownRequest;
  replayed: boolean;
  quota: Quota;
  claimed?: Payment | undefined;
};

async function prepare(ports: InitiatePorts, command: InitiateCommand, run: InitiateRun): Promise<Job> {
  const price = priceOf(ports.priceBook, command.purpose, command.amount);
  const [namespace, mode, contact] = await Promise.all([
    ports.namespace(),
    ports.chapa.mode(),
    command.contact ?? findContact(ports, command.userId),
  ]);
  const fee = { userId: command.userId, propertyId: command.propertyId, purpose: price.purpose };
  return {
    ports,
    context: runContext(ports, "initiate"),
    command,
    run,
    price,
    terms: { amount: price.amount, currency: price.currency, mode },
    contact,
    asked: {
      property_id: command.propertyId,
      purpose: price.purpose,
      ...(command.amount === undefined ? {} : { amount: toBirr(command.amount) }),
    },
    hash: requestHash(namespace, command.userId, command.requestId),
    refAt: (serial) => refOf(namespace, { ...fee, serial }),
  };
}

/**
 * A failed lookup must not stop the payment, because a payment needs no contact. An unknown user does stop it.
 * @throws UserUnknown
 */
async function findContact(ports: InitiatePorts, userId: Uuid): Promise<Contact> {
  try {
    const user = await ports.customers.find(userId);
    if (!user) throw new UserUnknown();
    return user;
  } catch (error) {
    if (!(error instanceof DependencyUnavailable)) throw error;
    ports.log.warn("customer_lookup_failed", { error: errorName(error) });
    return {};
  }
}

/**
 * Writes the claim and the request and counts the call, in parallel to save time. A refused new request leaves only a
 * note.
 * @throws RateLimited
 */
async function begin(job: Job): Promise<Started> {
  const { ports, command, run, hash } = job;
  const refused = ports.limiter.refused(command.caller);
  if (refused) return replay(job, refused);

  const claimed = newClaim(job, 0);
  const [written, recorded, verdict] = await Promise.all([
    ports.payments.create(claimed),
    ports.requests.record(hash, {
      ref: claimed.ref,
      fields: job.asked,
      recordedAt: ports.clock.now(),
      by: run.me,
    }),
    ports.limiter.take(command.caller),
  ]);
  if (!verdict.allowed && !recorded.replayed) {
    await ports.requests.refuse(hash, run.me, ports.clock.now());
    if (written.won) await ports.payments.discard(claimed);
    throw new RateLimited(verdict);
  }
  const { request, replayed } = recorded;
  // The request may point to a later serial of this fee, or to another fee.
  const stored = request.ref === claimed.ref ? undefined : await ports.payments.find(request.ref);
  return {
    payment: stored ?? written.payment,
    request,
    replayed,
    quota: verdict.quota,
    claimed: written.won ? claimed : undefined,
  };
}

/**
 * Handles a caller whom the limiter already refuses. Only a replay continues, so a flood of requests writes nothing.
 * @throws RateLimited
 */
async function replay(job: Job, refusal: Refusal): Promise<Started> {
  const request = await job.ports.requests.find(job.hash);
  const payment = request && (await job.ports.payments.find(request.ref));
  if (!request || !payment) throw new RateLimited(refusal);
  return { payment, request, replayed: true, quota: refusal.quota };
}

/** Takes the next step of the stored payment until it has an answer. */
async function finish(job: Job, started: Started): Promise<Payment> {
  const { ports, run } = job;
  const request = { ...started.request, asked: job.asked, payableAgain: job.price.payableAgain };
  let payment = await withFee(job, started.payment);
  for (let waitMs = FIRST_WAIT_MS; ; ) {
    const decision = decide(payment, request, run.me, job.context());
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
      case "take_over":
        payment = await stored(job, payment, takeOver(payment, startOf(job), job.context()));
        break;
      case "reopen":
        payment = await stored(job, payment, reopen(payment, request.recordedAt, startOf(job), job.context()));
        break;
      case "renew":
      case "fail_used_up":
        payment = await leave(job, payment, decision.kind);
        break;
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
 * Leaves a checkout that is past its window, if it is closed for certain. If it turns out to be paid, returns the paid
 * payment.
 * @throws GatewayUnavailable, AttemptsUsedUp
 */
async function leave(job: Job, payment: Payment, then: "renew" | "fail_used_up"): Promise<Payment> {
  const { ports, run } = job;
  const closing = await closeCheckout(ports, payment, run.deadline);
  if (closing.kind === "unclear") throw new GatewayUnavailable(RETRY_SECONDS);
  if (closing.kind === "money") {
    const money = { attempt: payment.attempt, result: closing.result };
    const known = { ref: payment.ref, payment };
    const paid = await recordCapture(ports, known, money, { context: job.context, deadline: run.deadline });
    return paid ?? claimAgain(job, payment.serial);
  }
  if (then === "renew") {
    return stored(job, payment, renew(payment, closing.evidence, startOf(job), job.context()));
  }
  await stored(job, payment, settleUnpaid(payment, "fail", closing.evidence, job.context()));
  throw new AttemptsUsedUp();
}

async function nextSerial(job: Job, payment: Payment, request: KnownRequest): Promise<Payment> {
  const serial = payment.serial + 1;
  if (serial >= SERIALS_LIMIT) throw new AttemptsUsedUp();
  await job.ports.requests.pointTo(job.hash, request.by, job.refAt(serial));
  return claimAgain(job, serial);
}

async function claimAgain(job: Job, serial: number): Promise<Payment> {
  const { payment } = await job.ports.payments.create(newClaim(job, serial));
  return payment;
}

/** Money may arrive before a caller claims the fee. The first caller that asks for the fee names its owner. */
async function withFee(job: Job, payment: Payment): Promise<Payment> {
  if (payment.userId) return payment;
  const updated = await updatePayment(job.ports.payments, payment, (current) =>
    current.userId ? undefined : { ...current, ...feeOf(job, current.serial) },
  );
  return updated.payment ?? payment;
}

async function stored(job: Job, before: Payment, after: Payment): Promise<Payment> {
  const saved = await job.ports.payments.save(before, after);
  return saved.payment ?? claimAgain(job, before.serial);
}

function newClaim(job: Job, serial: number): Payment {
  return claim(job.refAt(serial), feeOf(job, serial), startOf(job), job.context());
}

function feeOf({ command, price }: Job, serial: number): Fee {
  return { userId: command.userId, propertyId: command.propertyId, purpose: price.purpose, serial };
}

function leaseOf({ run }: Job): Lease {
  return { holder: run.me, until: run.leaseUntil };
}

function startOf(job: Job): Start {
  return { terms: job.terms, lease: leaseOf(job) };
}

function checkoutOf(job: Job): CheckoutJob {
  return {
    ...startOf(job),
    title: job.price.title,
    contact: job.contact,
    deadline: job.run.deadline,
  };
}
