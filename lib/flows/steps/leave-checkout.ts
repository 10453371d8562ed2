import type { ClosingEvidence, VerifyResult } from "../../domain/evidence.ts";
import { txRefOf } from "../../domain/ids.ts";
import { noteVerification } from "../../domain/notes.ts";
import { hasEnded, type Payment } from "../../domain/payment.ts";
import { isPastWindow, type Policy } from "../../domain/verification-schedule.ts";
import { type Closing, closeCheckout, ownerOf } from "./close-checkout.ts";
import { type Held, heldError, holdCheckout } from "./hold-checkout.ts";
import { type CapturePorts, recordCapture } from "./record-capture.ts";
import type { RecoverPorts } from "./recover-attempt.ts";
import type { Run } from "./run-context.ts";
import { updatePayment } from "./update-payment.ts";

export type LeavePorts = CapturePorts & RecoverPorts & { policy: Policy };

/**
 * `left`: the next attempt may begin. `live`: the stored URL can still be paid. `changed`: the payment moved meanwhile;
 * it is undefined if the row is gone.
 */
export type Left =
  | { kind: "left"; evidence: ClosingEvidence }
  | { kind: "live"; payment: Payment }
  | { kind: "changed"; payment: Payment | undefined };

/** One press. `closed` has the references of the checkouts that it has closed at Chapa: their URLs are no answers to it. */
export type Press = Run & { closed: Set<string> };

/**
 * Leaves a checkout for a press, if Chapa lets us. If it turns out to be paid, that is recorded. While the window of the
 * live one lasts and nothing proves that it is over, its URL stays the answer.
 * @throws the errors of {@link heldError}
 */
export async function leaveCheckout(ports: LeavePorts, payment: Payment, attempt: number, run: Press): Promise<Left> {
  const isLive = attempt === payment.attempt && payment.checkoutUrl !== undefined;
  const isInWindow = isLive && !isPastWindow(payment, run.context().now, ports.policy);
  const closing = await close(ports, payment, { attempt, isInWindow }, run);
  if (isCancelled(closing)) run.closed.add(txRefOf(payment, attempt));
  switch (closing.kind) {
    case "closed":
      return { kind: "left", evidence: closing.evidence };
    case "money": {
      const money = { attempt, result: closing.result };
      return { kind: "changed", payment: await recordCapture(ports, { key: payment, payment }, money, run) };
    }
    case "held": {
      const held = { attempt, last: closing.last };
      if (isInWindow && !mayBePaid(payment, held)) {
        // It stays as it is, and the next press tries again.
        if (run.closed.has(txRefOf(payment, attempt))) throw heldError(payment, held, run.context());
        return noteRead(ports, payment, held, run);
      }
      await holdCheckout(ports, payment, held, run.context);
      throw heldError(payment, held, run.context());
    }
  }
}

function isCancelled(closing: Closing): boolean {
  if (closing.kind === "closed") return closing.evidence.cancel !== "lapse";
  return closing.kind === "held" && closing.isCancelled === true;
}

/** In its window a checkout is closed only if its last try has failed, because a try may be under way. */
async function close(
  ports: LeavePorts,
  payment: Payment,
  { attempt, isInWindow }: { attempt: number; isInWindow: boolean },
  run: Run,
): Promise<Closing> {
  if (!isInWindow || hasEnded(payment, attempt)) return closeCheckout(ports, payment, { attempt }, run);
  const left = run.deadline - ports.clock.now();
  const first = await ports.chapa.verify(txRefOf(payment, attempt), ownerOf(payment, attempt), left);
  if (isUnderWay(first)) return { kind: "held", last: first };
  return closeCheckout(ports, payment, { attempt, first }, run);
}

/** Without an answer, what Chapa said last still counts. */
function mayBePaid({ attempts }: Payment, { attempt, last }: Held): boolean {
  if (last.kind === "unavailable") return attempts[attempt]?.lastRead === "maybe_money";
  return last.kind === "maybe_money";
}

function isUnderWay(result: VerifyResult): boolean {
  return result.kind === "readable" || (result.kind === "unpaid" && result.reason !== "failed");
}

/** Records what Chapa said about a checkout that stays open, so that the next press need not ask again. */
async function noteRead(ports: LeavePorts, payment: Payment, { attempt, last }: Held, run: Run): Promise<Left> {
  if (last.kind === "unavailable") return { kind: "live", payment };
  const { payment: after } = await updatePayment(ports.payments, payment, (current) =>
    current.version === payment.version ? noteVerification(current, attempt, last, run.context()) : undefined,
  );
  if (after?.version === payment.version) return { kind: "live", payment: after };
  return { kind: "changed", payment: after };
}
