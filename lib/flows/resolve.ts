import type { ChapaClient } from "../chapa/client.ts";
import { end, finalise, modeChanged, settleUnpaid } from "../domain/apply.ts";
import { endIsRecorded, type Money, type Readable, type Unpaid, type VerifyResult } from "../domain/evidence.ts";
import { type CheckoutRef, type PaymentKey, paymentIdOf, txRefOf } from "../domain/ids.ts";
import { noteVerification, notVerifiedAgain, unreachable, webhookWaits, webhookWaitsOn } from "../domain/notes.ts";
import { isSettledUnpaid, isUnchanged, type Payment, termsOf } from "../domain/payment.ts";
import { MINUTE_MS, SECOND_MS } from "../domain/time.ts";
import { isAllowed, type TransitionContext, transitionDue } from "../domain/transitions.ts";
import { attemptsToEnd, isPlayMoney, type Policy } from "../domain/verification-schedule.ts";
import type { TransitionName, Trigger } from "../domain/vocabulary.ts";
import type { Verdict } from "../runtime/rate-limit.ts";
import type { PaymentTable } from "../table/payments.ts";
import { type Closing, closeCheckout, ownerOf } from "./steps/close-checkout.ts";
import { endBesideDuplicate, endOtherLinks } from "./steps/end-links.ts";
import { holdCheckout } from "./steps/hold-checkout.ts";
import { paymentFields } from "./steps/payment-fields.ts";
import { type CapturePorts, recordCapture } from "./steps/record-capture.ts";
import { judgeRefundReports } from "./steps/refund-reports.ts";
import { type Run, runContext } from "./steps/run-context.ts";
import { updatePayment } from "./steps/update-payment.ts";

export type ResolvePorts = CapturePorts & {
  payments: Pick<PaymentTable, "find">;
  chapa: Pick<ChapaClient, "verify">;
  /** Verifications that all unverified notices together may cause. Without a budget, notices cause none. */
  budget?: { take(key: string): Promise<Verdict> };
  policy: Policy;
};

/**
 * `held`: this trigger causes no verification now. `suppressed`: verified a moment ago; try again after `afterMs`.
 * `unknown`: not a reference of ours. `result` is absent if Chapa was not asked.
 */
export type Resolved =
  | { kind: "verified"; payment: Payment | undefined; result: VerifyResult | undefined }
  | { kind: "held"; payment: Payment | undefined }
  | { kind: "suppressed"; afterMs: number; payment: Payment }
  | { kind: "unknown" };

// All triggers together cause at most one verify per payment in this time.
const BETWEEN_VERIFICATIONS_MS = 5 * SECOND_MS;
// Unverified notices cause at most one verification of a settled payment in this time.
const BETWEEN_NOTICES_MS = 10 * MINUTE_MS;
const ROUNDS = 5;
const FIRST_RETURN_SECONDS = 60;
const LONGEST_RETURN_SECONDS = 6 * 60 * 60;

/**
 * Verifies one checkout at Chapa and makes the transition that the result justifies.
 * @param deadline epoch ms; no call is started that cannot end by then
 */
export async function resolve(
  ports: ResolvePorts,
  checkout: CheckoutRef,
  trigger: Trigger,
  deadline: number,
): Promise<Resolved> {
  const { ref, attempt } = checkout;
  const payment = await ports.payments.find(ref);
  // A reference without a row of ours is verified only if Chapa itself named it: in a signed webhook or in its list.
  const isNamedByChapa = trigger === "webhook" || trigger === "reconcile";
  if ((!payment || attempt > payment.attempt) && !isNamedByChapa) return { kind: "unknown" };
  if (payment) {
    if (!isWanted(payment, trigger, ports.clock.now())) return { kind: "held", payment };
    const afterMs = (payment.verifiedAt ?? 0) + BETWEEN_VERIFICATIONS_MS - ports.clock.now();
    // A verification dated in the future comes from a wrong clock. Waiting for it could take hours.
    if (afterMs > 0 && afterMs <= BETWEEN_VERIFICATIONS_MS) return suppressed(ports, payment, trigger, afterMs);
  }
  if (isUnverified(trigger) && !(await ports.budget?.take("unverified"))?.allowed) return { kind: "held", payment };
  return ask(ports, { ...checkout, payment }, trigger, deadline);
}

/**
 * Returns after how many seconds a message must come back: Chapa named a reference that has no row of ours, and did not
 * answer. Nothing else would ask again. Undefined if the message is done.
 * @param receives how often the message has been received
 */
export function comesBackAfter(resolved: Resolved, receives: number): number | undefined {
  const isUnanswered = resolved.kind === "verified" && resolved.result?.kind === "unavailable";
  if (!isUnanswered || resolved.payment) return undefined;
  return Math.min(FIRST_RETURN_SECONDS * 2 ** (receives - 1), LONGEST_RETURN_SECONDS);
}

/**
 * Asks Chapa about one checkout, however recently another one of the same payment was verified.
 * @param checkout with its payment as it was read; undefined if there is no row
 */
export async function ask(
  ports: ResolvePorts,
  checkout: CheckoutRef & { payment: Payment | undefined },
  trigger: Trigger,
  deadline: number,
): Promise<Resolved> {
  const { ref, attempt, txRef, payment } = checkout;
  const context = runContext(ports, `resolve:${trigger}`);
  // A test checkout is of no use to a stage that sells for real. It is left, and not asked about any more.
  if (payment && attempt <= payment.attempt && isPlayMoney(termsOf(payment, attempt), ports.policy)) {
    const { payment: after } = await updatePayment(ports.payments, payment, (current) =>
      leftAsTest(current, attempt, context()),
    );
    return { kind: "verified", payment: after, result: undefined };
  }
  const begun = context();
  const owner = payment && attempt <= payment.attempt ? ownerOf(payment, attempt) : undefined;
  const result = await ports.chapa.verify(txRef, owner, deadline - begun.now);
  if ("word" in result) ports.count("ChapaWordUnknown");
  const concluded = await conclude(
    { ports, attempt, trigger, context, begun, deadline, rounds: 0 },
    { key: checkout, payment },
    result,
  );
  const isAnswered = concluded && result.kind !== "unavailable";
  const judged = isAnswered ? await judgeRefundReports(ports, concluded, context) : concluded;
  const after = judged && (await endBesideDuplicate(ports, judged, { context, deadline }));
  const about = { payment_id: paymentIdOf(ref), tx_ref: txRef };
  const said = "word" in result ? { word: result.word } : {};
  ports.log.info("verification_ended", { ...about, trigger, outcome: result.kind, ...said, state: after?.state });
  return { kind: "verified", payment: after, result };
}

/** Returns the payment after the next step of a test checkout: it ends, or what is due goes on without it. */
function leftAsTest(payment: Payment, attempt: number, context: TransitionContext): Payment {
  if (isAllowed("modeChanged", payment, { ...context, attempt })) return modeChanged(payment, attempt, context);
  const ended = endIsRecorded(payment.attempt);
  if (isAllowed("expire", payment, { ...context, ...ended })) return settleUnpaid(payment, "expire", ended, context);
  const left = notVerifiedAgain(payment, attempt, context);
  return isAllowed("finalise", left, { ...context, attempt }) ? finalise(left, attempt, context) : left;
}

/**
 * Whether a verification by this trigger can change the payment now. It decides from the stored row, without a call to
 * Chapa.
 */
export function isWanted(payment: Payment, trigger: Trigger, now: number): boolean {
  if (trigger === "schedule") return payment.dueAt !== undefined && payment.dueAt <= now;
  if (!isUnverified(trigger)) return true;
  if (payment.state === "SUCCESS") return false;
  return !isSettledUnpaid(payment) || now - (payment.verifiedAt ?? 0) >= BETWEEN_NOTICES_MS;
}

/** Whether the caller behind the trigger is not authenticated. */
function isUnverified(trigger: Trigger): boolean {
  return trigger === "callback" || trigger === "return" || trigger === "read";
}

function suppressed(ports: ResolvePorts, payment: Payment, trigger: Trigger, afterMs: number): Resolved {
  ports.log.info("verification_suppressed", { ...paymentFields(payment), trigger, after_ms: afterMs });
  return { kind: "suppressed", afterMs, payment };
}

/**
 * `begun` is when Chapa was called. The next verification is scheduled from then, however late the answer comes. `rounds`
 * counts the writes that were lost; each needs another writer's progress.
 */
type Verification = Run & {
  ports: ResolvePorts;
  attempt: number;
  trigger: Trigger;
  begun: TransitionContext;
  rounds: number;
};

async function conclude(
  run: Verification,
  known: { key: PaymentKey; payment: Payment | undefined },
  result: VerifyResult,
): Promise<Payment | undefined> {
  const { payment } = known;
  switch (result.kind) {
    case "unavailable":
      return payment && concludeUnavailable(run, payment, result);
    case "maybe_money":
      return payment && hold(run, payment, result);
    case "unpaid":
    case "readable":
      return payment && concludeUnpaid(run, payment, result);
    case "paid":
    case "refunded":
    case "reversed": {
      const after = await recordCapture(run.ports, known, { attempt: run.attempt, result }, run);
      return after && after.version === payment?.version ? endKnown(run, after) : after;
    }
  }
}

async function concludeUnavailable(
  run: Verification,
  payment: Payment,
  result: Extract<VerifyResult, { kind: "unavailable" }>,
): Promise<Payment | undefined> {
  const { ports, attempt, context } = run;
  ports.count(
    result.reason === "misconfigured" || result.reason === "foreign" ? "ChapaMisconfigured" : "ChapaUnavailable",
  );
  const held =
    result.reason === "foreign" ? await holdCheckout(ports, payment, { attempt, last: result }, context) : payment;
  return held && reschedule(run, held);
}

/** Something says that money may have come. A person is told, and the next verification is scheduled. */
async function hold(run: Verification, payment: Payment, last: VerifyResult): Promise<Payment | undefined> {
  const held = await holdCheckout(run.ports, payment, { attempt: run.attempt, last }, run.context);
  return held && endVerification(run, held, last);
}

async function concludeUnpaid(run: Verification, payment: Payment, found: Found): Promise<Payment | undefined> {
  const { ports, attempt } = run;
  const next = await nextUnpaid(run, payment, found);
  switch (next.kind) {
    case "held": {
      const held = await holdCheckout(ports, payment, next, run.context);
      const isUnanswered = next.last.kind === "unavailable";
      const isOther = next.attempt !== attempt;
      // What Chapa said about this attempt counts, even where it says nothing about the latest one.
      const noted = isUnanswered && !isOther ? held : held && (await endVerification(run, held, found));
      return noted && isUnanswered ? reschedule(isOther ? { ...run, trigger: "schedule" } : run, noted) : noted;
    }
    case "money": {
      const money = { attempt: next.attempt, result: next.result };
      return recordCapture(ports, { key: payment, payment }, money, run);
    }
    case "save": {
      const saved = await ports.payments.save(payment, next.payment);
      if (saved.won && next.made) logTransition(ports, next.payment, next.made);
      if (saved.won && next.lapses) ports.count("CheckoutLapsed");
      if (saved.won || !saved.payment) return afterVerification(run, saved.payment);
      if (run.rounds >= ROUNDS)
        throw new Error(`payment ${payment.ref} changed ${ROUNDS} times under one verification`);
      // Somebody else has written. The answer holds only for what it was asked about.
      const anew = { ...run, rounds: run.rounds + 1 };
      if (!isUnchanged(payment, saved.payment, attempt)) return again(anew, saved.payment);
      return concludeUnpaid(anew, saved.payment, found);
    }
  }
}

/** Asks Chapa again, because the payment has changed since it was asked. */
async function again(run: Verification, payment: Payment): Promise<Payment | undefined> {
  const { ports, attempt } = run;
  const begun = run.context();
  const result = await ports.chapa.verify(
    txRefOf(payment, attempt),
    ownerOf(payment, attempt),
    run.deadline - begun.now,
  );
  return conclude({ ...run, begun }, { key: payment, payment }, result);
}

type Found = (Unpaid | Readable) & VerifyResult;

type Next =
  | { kind: "save"; payment: Payment; made?: TransitionName; lapses?: boolean }
  | { kind: "money"; attempt: number; result: Money }
  | { kind: "held"; attempt: number; last: VerifyResult };

/** Returns the payment with its next verification scheduled, and with the transition that is due, if any. */
async function nextUnpaid(run: Verification, payment: Payment, found: Found): Promise<Next> {
  const { attempt } = run;
  const ended = noteVerification(payment, attempt, found, run.begun);
  const context = run.context();
  const reason = found.kind === "unpaid" ? found.reason : "pending";
  const due = transitionDue(ended, { attempt, found: reason }, context);
  if (due === "finalise") return { kind: "save", payment: finalise(ended, attempt, context), made: due };
  if (due) return leave(run, { ended, attempt: payment.attempt, found }, due);
  if (attemptsToEnd(payment).includes(attempt)) return leave(run, { ended, attempt, found }, "end");
  return { kind: "save", payment: ended };
}

type Left = { ended: Payment; attempt: number; found: Found };

async function leave(
  run: Verification,
  { ended, attempt, found }: Left,
  made: "expire" | "fail" | "end",
): Promise<Next> {
  const first = attempt === run.attempt ? found : undefined;
  const isLapsed = made === "end" && ended.attempts[attempt]?.lapsedAt !== undefined;
  const closing: Closing = await closeCheckout(run.ports, ended, { attempt, first, isLapsed }, run);
  if (closing.kind !== "closed") return { ...closing, attempt };
  const { evidence } = closing;
  const lapses = evidence.cancel === "lapse";
  const context = run.context();
  if (made !== "end") return { kind: "save", payment: settleUnpaid(ended, made, evidence, context), made, lapses };
  // A checkout that has lapsed already stays as it is until Chapa closes it.
  if (lapses && ended.attempts[attempt]?.lapsedAt !== undefined) return { kind: "save", payment: ended };
  return { kind: "save", payment: end(ended, evidence, context), made, lapses };
}

/** Once a payment is paid, its other links are cancelled, now or at their next verification. */
function afterVerification(run: Verification, payment: Payment | undefined): Promise<Payment> | Payment | undefined {
  return payment?.state === "SUCCESS" ? endOtherLinks(run.ports, payment, run) : payment;
}

async function endVerification(
  { ports, attempt, begun }: Verification,
  payment: Payment,
  found?: VerifyResult,
): Promise<Payment | undefined> {
  const updated = await updatePayment(ports.payments, payment, (current) =>
    noteVerification(current, attempt, found, begun),
  );
  return updated.payment;
}

/**
 * The money was recorded before, so only the next verification is scheduled. An unpaid payment with money that a person
 * did not accept is finalised when it is time.
 */
async function endKnown(run: Verification, payment: Payment): Promise<Payment | undefined> {
  const { ports, attempt, begun } = run;
  const updated = await updatePayment(ports.payments, payment, (current) => {
    const ended = noteVerification(current, attempt, undefined, begun);
    const context = run.context();
    return isAllowed("finalise", ended, { ...context, attempt }) ? finalise(ended, attempt, context) : ended;
  });
  const after = updated.payment;
  if (after && after.version !== payment.version && after.finalised) logTransition(ports, after, "finalise");
  return after;
}

/**
 * Chapa was unavailable, which says nothing about money, so only the verification is rescheduled. What a signed webhook
 * has named is asked again, whatever became of it. A payment past its timeout whose checkout has ended needs no answer.
 */
async function reschedule(run: Verification, payment: Payment): Promise<Payment | undefined> {
  const { ports, attempt, trigger, context } = run;
  const updated = await updatePayment(ports.payments, payment, (current) => {
    const now = context();
    if (trigger === "webhook" && current.attempts[attempt]) return webhookWaits(current, attempt, now);
    if (current.attempts[attempt]?.webhookAt !== undefined) return webhookWaitsOn(current, attempt, now);
    const ended = endIsRecorded(current.attempt);
    return isAllowed("expire", current, { ...now, ...ended })
      ? settleUnpaid(current, "expire", ended, now)
      : unreachable(current, now);
  });
  return updated.payment;
}

function logTransition(ports: ResolvePorts, payment: Payment, transition: TransitionName): void {
  const { state, version } = payment;
  ports.log.info("payment_transitioned", { ...paymentFields(payment), transition, state, version });
}
