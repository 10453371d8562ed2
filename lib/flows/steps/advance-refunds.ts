import type { ChapaClient } from "../../chapa/client.ts";
import { flag } from "../../domain/apply.ts";
import { isDuplicateOpen } from "../../domain/decide.ts";
import { RefundsPaused } from "../../domain/errors.ts";
import { refundReferenceOf } from "../../domain/ids.ts";
import type { Payment, Refund } from "../../domain/payment.ts";
import { callerOf } from "../../domain/principal.ts";
import {
  isOtherUnanswered,
  noteRefundChecked,
  type RefundCheck,
  refundIn,
  refundsDue,
  refuseRefund,
  sendRefund,
  settleRefund,
  unclearFlag,
  undoRefund,
} from "../../domain/refunds.ts";
import { SECOND_MS } from "../../domain/time.ts";
import { isAllowed, type TransitionContext } from "../../domain/transitions.ts";
import type { Policy } from "../../domain/verification-schedule.ts";
import type { Closed } from "../../domain/vocabulary.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Log } from "../../runtime/logger.ts";
import type { Count } from "../../runtime/metrics.ts";
import type { PaymentTable } from "../../table/payments.ts";
import type { RefundLimitTable } from "../../table/refund-limits.ts";
import { ownerOf } from "./close-checkout.ts";
import { endLastLink } from "./end-links.ts";
import { paymentFields } from "./payment-fields.ts";
import { type Run, runContext } from "./run-context.ts";
import { requireSeen } from "./seen-version.ts";
import { updatePayment } from "./update-payment.ts";

export type RefundPorts = {
  payments: Pick<PaymentTable, "find" | "save">;
  chapa: Pick<ChapaClient, "cancel" | "refund" | "refundStatus">;
  limits: Pick<RefundLimitTable, "giveBack">;
  /** Returns why no money may go back now; undefined if it may. */
  closed: () => Promise<Closed | undefined>;
  /** Names a sender, so that of two only one sends. */
  newId: () => string;
  clock: Pick<Clock, "now">;
  log: Log;
  count: Count;
  policy: Policy;
};

// A call that cannot end within the invocation is not begun: its answer would be lost.
const CALL_MS = 4 * SECOND_MS;

const SILENT = { kind: "silent" } as const;
const CAME_TO_NOTHING = "Chapa reports that it came to nothing";

/**
 * A pause is a person's decision. Anything else is a fault of the stage, and calls a person.
 * @throws RefundsPaused if no money may go back now
 */
export async function requireOpen({
  closed,
  count,
  log,
}: Pick<RefundPorts, "closed" | "count" | "log">): Promise<void> {
  const reason = await closed();
  if (reason === undefined) return;
  if (reason !== "paused") {
    count("TableMismatch");
    log.error("refund_paused", { reason });
  }
  throw new RefundsPaused(reason);
}

/**
 * Makes every step of a payment's refunds that is due: sends what was requested, asks about what was sent, and asks again
 * about what has settled. A refund is sent once.
 * @param isAnswered whether Chapa answers now; else nothing is sent or asked, and only a person is called
 */
export async function advanceRefunds(
  ports: RefundPorts,
  payment: Payment,
  isAnswered: boolean,
  deadline: number,
): Promise<Payment> {
  const run = { context: runContext(ports, "refund"), deadline };
  let current = payment;
  for (const { id } of refundsDue(payment, ports.clock.now())) {
    if (deadline - ports.clock.now() < CALL_MS) break;
    const refund = refundIn(current, id);
    if (!refund) continue;
    if (!isAnswered) current = await waited(ports, current, refund, { check: SILENT, run });
    else if (refund.state === "REQUESTED") current = await sendOrWait(ports, current, id, run);
    else current = await askAbout(ports, current, refund, run);
  }
  return current;
}

async function sendOrWait(ports: RefundPorts, payment: Payment, id: string, run: Run): Promise<Payment> {
  const after = await sendOnce(ports, payment, id, run);
  const refund = refundIn(after, id);
  return refund?.state === "REQUESTED" ? waited(ports, after, refund, { check: SILENT, run }) : after;
}

/**
 * Sends a requested refund to Chapa, if nobody has sent it. The write before the call decides who sends: a sender that
 * loses it does not call, and a lost answer is never followed by a second call.
 */
export async function sendOnce(ports: RefundPorts, payment: Payment, id: string, run: Run): Promise<Payment> {
  if (run.deadline - ports.clock.now() < CALL_MS) return payment;
  // A restored table may hold a refund as requested that was sent since. What waits is sent after the pause.
  if ((await ports.closed()) !== undefined) return payment;
  const sender = ports.newId();
  const begun = await stepped(ports, payment, id, (current) => {
    const context = run.context();
    return isAllowed("refundSent", current, { ...context, id }) ? sendRefund(current, id, sender, context) : undefined;
  });
  const refund = refundIn(begun.payment, id);
  const attempt = attemptOf(begun.payment, refund);
  if (!begun.stepped || refund?.sentBy !== sender || attempt === undefined) return begun.payment;
  const asked = await ports.chapa.refund(
    {
      capture: refund.capture,
      amount: refund.amount,
      reason: refund.reason,
      reference: refundReferenceOf(payment.ref, id),
    },
    ownerOf(begun.payment, attempt),
    run.deadline - ports.clock.now(),
  );
  const fields = { ...paymentFields(begun.payment, attempt), refund: id, outcome: asked.kind };
  ports.log.info("refund_sent", fields);
  switch (asked.kind) {
    case "accepted":
      return noted(ports, begun.payment, id, { check: { kind: "answered", chapaRef: asked.chapaRef }, run });
    case "refused":
      return refused(ports, begun.payment, id, { reason: asked.reason, run });
    case "above":
      return refused(ports, begun.payment, id, {
        reason: asked.reason,
        run,
        // Another refund of this money that may be under way, also since, could be what Chapa counts.
        unless: (current) => [begun.payment, current].some((row) => isOtherUnanswered(row, refund)),
      });
    case "unclear":
      return begun.payment;
  }
}

/** Asks Chapa about a refund that was sent. Only its own words say what became of it. */
async function askAbout(ports: RefundPorts, payment: Payment, refund: Refund, run: Run): Promise<Payment> {
  const { id, capture, chapaRef, state } = refund;
  const attempt = attemptOf(payment, refund);
  if (attempt === undefined) return payment;
  const reference = chapaRef ?? refundReferenceOf(payment.ref, id);
  const left = run.deadline - ports.clock.now();
  const found = await ports.chapa.refundStatus({ reference, capture }, ownerOf(payment, attempt), left);
  ports.log.info("refund_asked", { ...paymentFields(payment, attempt), refund: id, state, outcome: found.kind });
  if (found.kind === "settled" && state === "SENT") {
    const done = await stepped(ports, payment, id, (current) => {
      const context = run.context();
      return isAllowed("refundSettled", current, { ...context, id }) ? settleRefund(current, id, context) : undefined;
    });
    return done.payment;
  }
  if (found.kind === "reversed" && state === "SENT") {
    return refused(ports, payment, id, { reason: CAME_TO_NOTHING, run });
  }
  if (found.kind === "reversed" && state === "SETTLED") return undone(ports, payment, id, run);
  const check: RefundCheck = { kind: found.kind === "unclear" ? "unclear" : "answered", chapaRef: found.chapaRef };
  return waited(ports, payment, refund, { check, run });
}

/**
 * Writes that a refund came to nothing, and takes it out of its actor's day.
 * @param word `seen`: the version that a person who says so saw; `unless`: of which rows this is not known
 * @throws VersionChanged if the payment changed after that person saw it
 */
export async function refused(
  ports: Pick<RefundPorts, "payments" | "limits">,
  payment: Payment,
  id: string,
  { reason, run, seen, unless }: Refusal,
): Promise<Payment> {
  const done = await stepped(ports, payment, id, (current) => {
    const context = run.context();
    if (seen !== undefined) requireSeen(current, seen);
    if (unless?.(current)) return undefined;
    return isAllowed("refundRefused", current, { ...context, id })
      ? refuseRefund(current, id, reason, context)
      : undefined;
  });
  const refund = refundIn(done.payment, id);
  if (done.stepped && refund) await ports.limits.giveBack(limitedRefund(done.payment, refund));
  return done.payment;
}

type Refusal = {
  reason: string;
  run: Pick<Run, "context">;
  seen?: number;
  unless?: (current: Payment) => boolean;
};

async function undone(ports: RefundPorts, payment: Payment, id: string, run: Run): Promise<Payment> {
  const done = await stepped(ports, payment, id, (current) => {
    const context = run.context();
    return isAllowed("refundUndone", current, { ...context, id }) ? undoRefund(current, id, context) : undefined;
  });
  if (isDuplicateOpen(done.payment)) await endLastLink(ports, done.payment, run);
  return done.payment;
}

/**
 * The end of a refund is still not known: a person is called if it is late, and the next try gets its date. Of one that
 * has settled, Chapa's answer is enough.
 */
async function waited(
  ports: RefundPorts,
  payment: Payment,
  { id, state }: Refund,
  { check, run }: Waited,
): Promise<Payment> {
  const isKnown = state === "SETTLED" && check.kind === "answered";
  const called = isKnown ? payment : await callPerson(ports, payment, id, run);
  return noted(ports, called, id, { check, run });
}

type Waited = { check: RefundCheck; run: Run };

async function callPerson(ports: RefundPorts, payment: Payment, id: string, run: Run): Promise<Payment> {
  const done = await stepped(ports, payment, id, (current, refund) => {
    const context: TransitionContext = run.context();
    const unclear = unclearFlag(current, refund, context.now);
    return unclear && flag(current, unclear, context);
  });
  return done.payment;
}

async function noted(ports: RefundPorts, payment: Payment, id: string, { check, run }: Waited): Promise<Payment> {
  const done = await stepped(ports, payment, id, (current) => noteRefundChecked(current, id, check, run.context()));
  return done.payment;
}

async function stepped(
  ports: Pick<RefundPorts, "payments">,
  payment: Payment,
  id: string,
  step: (current: Payment, refund: Refund) => Payment | undefined,
): Promise<{ payment: Payment; stepped: boolean }> {
  const updated = await updatePayment(ports.payments, payment, (current) => {
    const refund = refundIn(current, id);
    return refund && step(current, refund);
  });
  return { payment: updated.payment ?? payment, stepped: updated.stepped };
}

/** Returns how the limit of its actor names a refund. */
export function limitedRefund({ ref }: Payment, { id, by, at, amount }: Refund) {
  return { by: callerOf(by), at, amount, reference: refundReferenceOf(ref, id) };
}

function attemptOf({ captures }: Payment, refund: Refund | undefined): number | undefined {
  return captures.find(({ reference }) => reference !== undefined && reference === refund?.capture)?.attempt;
}
