import { follow, leaveTest, modeChanged, renew, reopen } from "../domain/apply.ts";
import type { InitiateCommand } from "../domain/commands.ts";
import { type Decision, decide, type KnownRequest, type RequestFields } from "../domain/decide.ts";
import {
  CheckoutBeingOpened,
  GatewayRefused,
  InitiatePaused,
  ListingClosed,
  PaymentUnclear,
  type Quota,
  RequestDiffers,
} from "../domain/errors.ts";
import type { ClosingEvidence } from "../domain/evidence.ts";
import { hasEnded, isInert, openedAttempts, type Payment } from "../domain/payment.ts";
import { withSupportLink } from "../domain/support-links.ts";
import { SECOND_MS } from "../domain/time.ts";
import type { Closed } from "../domain/vocabulary.ts";
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
import { type Left as LeftCheckout, leaveCheckout, type Press } from "./steps/leave-checkout.ts";
import { type CheckoutJob, openCheckout } from "./steps/open-checkout.ts";
import { recoverAttempt } from "./steps/recover-attempt.ts";
import { updatePayment } from "./steps/update-payment.ts";

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = SECOND_MS;
// What a request may do that may not open or close a checkout.
const WITHOUT_EFFECT: ReadonlySet<Decision["kind"]> = new Set(["answer", "refuse", "wait"]);
// What goes on with another payment, or gives nothing.
const WITHOUT_LINK: ReadonlySet<Decision["kind"]> = new Set(["refuse", "wait", "follow", "go_on"]);

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

type Asked = KnownRequest & { asked: RequestFields; payableAgain: boolean };

/** Takes the next step of the fee's last payment until it has an answer. */
async function finish(job: Job, started: Started): Promise<Payment> {
  const { ports, run } = job;
  const request = { ...started.request, asked: askedOf(job, started.request), payableAgain: job.price.payableAgain };
  const earlier: Payment[] = [];
  let payment = await withFee(job, started.payment, 0);
  for (let waitMs = FIRST_WAIT_MS; ; ) {
    const next = payment.next && (await ports.payments.find(payment.next));
    if (next) {
      earlier.push(payment);
      payment = await withFee(job, next, earlier.length);
      continue;
    }
    const asking = { holder: run.me, key: job.terms.key };
    const decision = decide({ payment, earlier }, request, asking, job.context());
    if (job.barred && !WITHOUT_EFFECT.has(decision.kind)) throw job.barred;
    if (decision.kind === "answer") return (await madeBySupport(job, decision.payment, request)) ?? decision.payment;
    if (!WITHOUT_LINK.has(decision.kind)) {
      const noted = (await madeBySupport(job, payment, request)) ?? (await claimAgain(job, payment.serial));
      if (noted !== payment) {
        payment = noted;
        continue;
      }
    }
    switch (decision.kind) {
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
        payment = await recover(job, payment, request);
        break;
      case "mode_changed":
        payment = await stored(job, payment, modeChanged(payment, payment.attempt, job.context()));
        break;
      case "leave_test":
        payment = await stored(job, payment, leaveTest(payment, startOf(job), job.context()));
        break;
      case "reopen":
        payment = await stored(job, payment, reopen(payment, request.recordedAt, startOf(job), job.context()));
        break;
      case "renew":
      case "follow": {
        const left = await (decision.kind === "renew" ? renewed(job, payment) : followed(job, payment, request));
        if (left.isLive) return (await madeBySupport(job, left.payment, request)) ?? left.payment;
        payment = left.payment;
        break;
      }
      case "go_on":
        earlier.push(payment);
        payment = await withFee(job, await claimAgain(job, earlier.length), earlier.length);
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

/** `isLive`: the stored URL can still be paid. */
type Left = { payment: Payment; isLive: boolean };

/**
 * Renews the latest checkout, once Chapa lets us leave it.
 * @throws the errors of {@link leaveCheckout}
 */
async function renewed(job: Job, payment: Payment): Promise<Left> {
  const left = await leaveCheckout(job.ports, payment, payment.attempt, pressOf(job));
  if (left.kind !== "left") return notLeft(job, payment, left);
  const next = renew(payment, left.evidence, startOf(job), job.context());
  return { payment: await stored(job, payment, next, [left.evidence]), isLive: false };
}

/**
 * Leaves a payment that is spent or used up, once Chapa lets us leave each of its checkouts. The fee goes on with the
 * next payment.
 * @throws the errors of {@link leaveCheckout}
 */
async function followed(job: Job, payment: Payment, { recordedAt, payableAgain }: Asked): Promise<Left> {
  const closings: ClosingEvidence[] = [];
  for (const { number } of openedAttempts(payment)) {
    if (hasEnded(payment, number)) continue;
    const left = await leaveCheckout(job.ports, payment, number, pressOf(job));
    if (left.kind !== "left") return notLeft(job, payment, left);
    closings.push(left.evidence);
  }
  const asked = { holder: job.run.me, recordedAt, payableAgain, closings };
  const next = follow(payment, job.refAt(payment.serial + 1), asked, job.context());
  return { payment: await stored(job, payment, next, closings), isLive: false };
}

async function notLeft(job: Job, before: Payment, { kind, payment }: Exclude<LeftCheckout, { kind: "left" }>) {
  return { payment: payment ?? (await claimAgain(job, before.serial)), isLive: kind === "live" };
}

function pressOf({ context, run, closed }: Job): Press {
  return { context, deadline: run.deadline, closed };
}

/** Finishes what an opener left that died or lost its answer. */
async function recover(job: Job, payment: Payment, request: Asked): Promise<Payment> {
  const aside: Promise<unknown>[] = [];
  try {
    const start = { ...startOf(job), deadline: job.run.deadline };
    const recovered = await recoverAttempt({ ports: job.ports, job: start, aside }, payment, "lost");
    // Nobody was given the URL of the lost attempt, so nothing must be known about it.
    if (!recovered.isMine && recovered.isUsedUp) return (await followed(job, payment, request)).payment;
    return recovered.payment ?? (await claimAgain(job, payment.serial));
  } finally {
    await Promise.allSettled(aside);
  }
}

async function claimAgain(job: Job, serial: number): Promise<Payment> {
  if (job.barred) throw job.barred;
  const { payment } = await job.ports.payments.create(newClaim(job, serial));
  return payment;
}

/** Money may arrive before a caller claims the fee. The first caller that asks for the fee names its owner. */
async function withFee(job: Job, payment: Payment, serial: number): Promise<Payment> {
  if (payment.userId || job.barred) return payment;
  const updated = await updatePayment(job.ports.payments, payment, (current) =>
    current.userId ? undefined : { ...current, ...feeOf(job, serial) },
  );
  return updated.payment ?? payment;
}

/**
 * Stores who asks in the owner's name, and why, before a checkout is opened or its link is given out. The same request
 * stores it once.
 * @returns the payment as it now is; undefined if its row is gone
 */
async function madeBySupport({ ports, command }: Job, payment: Payment, { recordedAt }: Asked) {
  const { support } = command;
  if (!support) return payment;
  const link = { at: recordedAt, ...support };
  const updated = await updatePayment(ports.payments, payment, (current) => {
    const noted = withSupportLink(current, link);
    return noted === current ? undefined : noted;
  });
  return updated.payment;
}

/** @param closings what let us leave checkouts, if we did */
async function stored(
  job: Job,
  before: Payment,
  after: Payment,
  closings: readonly ClosingEvidence[] = [],
): Promise<Payment> {
  const saved = await job.ports.payments.save(before, after);
  if (saved.won && closings.some(({ cancel }) => cancel === "lapse")) job.ports.count("CheckoutLapsed");
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
