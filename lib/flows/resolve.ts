import type { ChapaClient } from "../chapa/client.ts";
import type { Trigger } from "../contract/queues.ts";
import { type Evidence, moveDue } from "../domain/evidence.ts";
import { parseTxRef, type TxRef, txRefOf } from "../domain/ids.ts";
import type { Policy } from "../domain/looks.ts";
import { type Act, looked, seal, settleUnpaid, unreachable } from "../domain/moves.ts";
import { isSettledUnpaid, type Payment } from "../domain/payment.ts";
import { MINUTE_MS, SECOND_MS } from "../domain/time.ts";
import type { Move } from "../domain/transitions.ts";
import type { Verdict } from "../runtime/rate-limit.ts";
import type { PaymentTable } from "../table/payments.ts";
import { closeCheckout } from "./steps/close-checkout.ts";
import { type CapturePorts, endOtherLinks, recordCapture } from "./steps/record-capture.ts";
import { updatePayment } from "./steps/update-payment.ts";

export type ResolvePorts = Omit<CapturePorts, "payments" | "chapa"> & {
  payments: Pick<PaymentTable, "find" | "create" | "save">;
  chapa: Pick<ChapaClient, "verify" | "cancel" | "mode">;
  /** Verifies that hints may cause, together; absent where none come, and then a hint is held. */
  budget?: { take(key: string): Promise<Verdict> };
  policy: Policy;
};

/** `suppressed`: looked at a moment ago, to be asked again after `afterMs`. `unknown`: nothing of ours. */
export type Resolved =
  | { came: "looked" | "held"; payment: Payment | undefined }
  | { came: "suppressed"; afterMs: number; payment: Payment }
  | { came: "unknown" };

// One verify per payment in this time among all triggers.
const BETWEEN_LOOKS_MS = 5 * SECOND_MS;
// A settled payment is looked at this often for callers who prove nothing.
const BETWEEN_HINTS_MS = 10 * MINUTE_MS;
const ROUNDS = 5;

/**
 * The only place that asks Chapa about money: verifies one checkout and makes the move that the evidence justifies.
 * @param text a checkout's reference, as whoever asks wrote it
 * @param deadline epoch ms; nothing is started that cannot end by then
 */
export async function resolve(
  ports: ResolvePorts,
  text: string,
  trigger: Trigger,
  deadline: number,
): Promise<Resolved> {
  const parsed = parseTxRef(text);
  if (!parsed) return { came: "unknown" };
  const { txRef, attempt } = parsed;
  const payment = await ports.payments.find(parsed.ref);
  // Only Chapa's own word, signed or in its books, lets a reference without a row of ours cost a question.
  const isChapas = trigger === "webhook" || trigger === "reconcile";
  if ((!payment || attempt > payment.attempt) && !isChapas) return { came: "unknown" };
  if (payment) {
    if (!isWanted(payment, trigger, ports.clock.now())) return { came: "held", payment };
    const afterMs = (payment.verifiedAt ?? 0) + BETWEEN_LOOKS_MS - ports.clock.now();
    // A look later than now was dated by a clock that is wrong; waiting for it could take hours.
    if (afterMs > 0 && afterMs <= BETWEEN_LOOKS_MS) return suppressed(ports, payment, trigger, afterMs);
  }
  if (isHint(trigger) && !(await ports.budget?.take("hints"))?.allowed) return { came: "held", payment };

  const act = (): Act => ({ now: ports.clock.now(), by: `resolve:${trigger}`, policy: ports.policy });
  const asked = act();
  const evidence = await ports.chapa.verify(txRef, deadline - asked.now);
  const after = await conclude(ports, payment, txRef, attempt, evidence, { act, asked, deadline });
  ports.log.info("look_ended", { ref: parsed.ref, attempt, trigger, says: evidence.says, state: after?.state ?? "" });
  return { came: "looked", payment: after };
}

/** Whether a hint about this payment could change anything now. The row is read before anything is asked or queued. */
export function isWanted(payment: Payment, trigger: Trigger, now: number): boolean {
  if (trigger === "due") return payment.dueAt !== undefined && payment.dueAt <= now;
  if (!isHint(trigger)) return true;
  if (payment.state === "SUCCESS") return false;
  return !isSettledUnpaid(payment) || now - (payment.verifiedAt ?? 0) >= BETWEEN_HINTS_MS;
}

export function isHint(trigger: Trigger): boolean {
  return trigger === "callback" || trigger === "return" || trigger === "read";
}

function suppressed(ports: ResolvePorts, payment: Payment, trigger: Trigger, afterMs: number): Resolved {
  ports.log.info("look_suppressed", { ref: payment.ref, trigger, after_ms: afterMs });
  return { came: "suppressed", afterMs, payment };
}

/** `asked`: when Chapa was asked, which is what the look counts from, however long its answer is on its way. */
type Run = { act: () => Act; asked: Act; deadline: number };
type Unpaid = Extract<Evidence, { says: "unpaid" }>;
type Money = Extract<Evidence, { facts: unknown }>;

async function conclude(
  ports: ResolvePorts,
  payment: Payment | undefined,
  txRef: TxRef,
  attempt: number,
  evidence: Evidence,
  run: Run,
): Promise<Payment | undefined> {
  switch (evidence.says) {
    case "nothing":
      ports.count(evidence.silence === "misconfigured" ? "ChapaMisconfigured" : "ChapaUnavailable");
      return payment && putOff(ports, payment, run);
    case "unpaid":
      return payment && concludeUnpaid(ports, payment, attempt, evidence, run);
    case "paid":
    case "returned": {
      const after = await recordCapture(ports, payment, txRef, evidence, run);
      // Money that was known before: the look has ended without a move, and the next one is dated.
      return after && after.version === payment?.version ? endLook(ports, after, attempt, run) : after;
    }
  }
}

async function concludeUnpaid(
  ports: ResolvePorts,
  payment: Payment,
  attempt: number,
  found: Unpaid,
  run: Run,
): Promise<Payment | undefined> {
  let current = payment;
  for (let round = 0; round < ROUNDS; round++) {
    const next = await nextUnpaid(ports, current, attempt, found, run);
    if (next === "unclear") return putOff(ports, current, run);
    if ("money" in next) return recordCapture(ports, current, latestOf(current), next.money, run);
    const saved = await ports.payments.save(current, next.payment);
    if (saved.won && next.move) logMove(ports, next.payment, next.move);
    if (saved.won || !saved.payment) return afterLook(ports, saved.payment, run);
    current = saved.payment;
  }
  throw new Error(`payment ${payment.ref} changed ${ROUNDS} times under one look`);
}

type Next = { payment: Payment; move?: Move } | { money: Money } | "unclear";

/** What this look leaves: the payment with its next look dated, and the move that has become due, if any. */
async function nextUnpaid(
  ports: ResolvePorts,
  payment: Payment,
  attempt: number,
  found: Unpaid,
  run: Run,
): Promise<Next> {
  const ended = looked(payment, attempt, found, run.asked);
  const move = moveDue(payment, attempt, found, ports.clock.now(), ports.policy);
  if (!move) return { payment: ended };
  if (move === "seal") return { payment: seal(ended, run.act()), move };
  const first = attempt === payment.attempt ? found : undefined;
  const closing = await closeCheckout(ports.chapa, ports.clock, payment, first, run.deadline);
  if (closing.came === "money") return { money: closing.evidence };
  if (closing.came === "unclear") {
    ports.log.warn("closing_evidence_incomplete", { ref: payment.ref, attempt: payment.attempt, move });
    return "unclear";
  }
  return { payment: settleUnpaid(ended, move, closing.evidence, run.act()), move };
}

/** Beside a paid checkout every other link is ended, now or at its next look. */
function afterLook(
  ports: ResolvePorts,
  payment: Payment | undefined,
  run: Run,
): Promise<Payment> | Payment | undefined {
  return payment?.state === "SUCCESS" ? endOtherLinks(ports, payment, run) : payment;
}

async function endLook(ports: ResolvePorts, payment: Payment, attempt: number, run: Run): Promise<Payment | undefined> {
  const revised = await updatePayment(ports.payments, payment, (current) =>
    looked(current, attempt, undefined, run.asked),
  );
  return revised.payment;
}

/** Chapa could not be asked, which says nothing about the money: only the next look is dated. */
async function putOff(ports: ResolvePorts, payment: Payment, run: Run): Promise<Payment | undefined> {
  const revised = await updatePayment(ports.payments, payment, (current) => unreachable(current, run.act()));
  return revised.payment;
}

function logMove(ports: ResolvePorts, payment: Payment, move: Move): void {
  ports.log.info("payment_moved", { ref: payment.ref, move, state: payment.state, version: payment.version });
}

function latestOf(payment: Payment): TxRef {
  return txRefOf(payment.ref, payment.attempt);
}
