import type { ChapaClient } from "../../chapa/client.ts";
import { type Start, takeOver } from "../../domain/apply.ts";
import { CheckoutBeingOpened } from "../../domain/errors.ts";
import { txRefOf } from "../../domain/ids.ts";
import type { Payment } from "../../domain/payment.ts";
import { isAllowed, type TransitionContext } from "../../domain/transitions.ts";
import { attemptsLeft, type Policy } from "../../domain/verification-schedule.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { PaymentTable } from "../../table/payments.ts";
import { ownerOf } from "./close-checkout.ts";
import { type HoldPorts, heldError, holdCheckout } from "./hold-checkout.ts";
import { type CapturePorts, recordCapture } from "./record-capture.ts";

const RETRY_SECONDS = 5;

export type RecoverPorts = CapturePorts &
  HoldPorts & {
    payments: Pick<PaymentTable, "save">;
    chapa: Pick<ChapaClient, "verify" | "cancel">;
    clock: Clock;
    policy: Policy;
  };

/**
 * The payment under this caller's lease (`isMine`), ready for initialize; or as another request or its money left it.
 * `isUsedUp`: the attempt cannot be tried again, and no other one may begin.
 */
export type Recovered =
  | { isMine: true; payment: Payment }
  | { isMine: false; payment: Payment | undefined; isUsedUp?: true };

/** `job` says how the next attempt begins; `deadline` is epoch ms. `aside` runs beside the next try as best effort. */
type Recovery = { ports: RecoverPorts; job: Start & { deadline: number }; aside: Promise<unknown>[] };

/**
 * Finds out what became of the latest attempt, whose answer was lost or whose opener died, and begins the next try.
 * Chapa does not know it: the same reference, so an outage costs no attempt. Chapa knows it: the next attempt is
 * written first, and the request that wrote it cancels the old one once, because nobody can store its URL any more.
 * @param how `used_before`: Chapa says that the reference is burnt, so it is not tried again
 * @throws PaymentUnclear, GatewayUnavailable, GatewayMisconfigured, CheckoutBeingOpened
 */
export async function recoverAttempt(
  { ports, job, aside }: Recovery,
  payment: Payment,
  how: "lost" | "used_before",
): Promise<Recovered> {
  const context = (): TransitionContext => ({ now: ports.clock.now(), by: "initiate", policy: ports.policy });
  const { attempt, terms } = payment;
  // Nothing was sent, a person lets it go on, or it was a test checkout that the live key cannot read.
  if (payment.lease?.unsent || payment.lease?.released || terms.mode !== job.terms.mode)
    return next({ ports, job }, payment, context());

  const txRef = txRefOf(payment, attempt);
  const left = () => job.deadline - ports.clock.now();
  const result = await ports.chapa.verify(txRef, ownerOf(payment, attempt), left());
  switch (result.kind) {
    case "paid":
    case "refunded":
    case "reversed": {
      const run = { context, deadline: job.deadline };
      return {
        isMine: false,
        payment: await recordCapture(ports, { key: payment, payment }, { attempt, result }, run),
      };
    }
    case "maybe_money":
    case "unavailable": {
      const held = { attempt, last: result };
      await holdCheckout(ports, payment, held, context);
      throw heldError(payment, held, context());
    }
    case "unpaid":
    case "readable": {
      if (result.kind === "unpaid" && result.reason === "not_found") {
        return next({ ports, job }, payment, context(), how === "lost" ? true : undefined);
      }
      const begun = await next({ ports, job }, payment, context());
      if (begun.isMine) aside.push(ports.chapa.cancel(txRef, result.key ?? terms.key, left()));
      return begun;
    }
  }
}

async function next(
  { ports, job }: Omit<Recovery, "aside">,
  payment: Payment,
  context: TransitionContext,
  isUnknown?: true,
): Promise<Recovered> {
  const lease = { ...job.lease, lost: payment.lease?.lost };
  const start = { terms: job.terms, lease, isUnknown };
  const asking = { ...context, holder: lease.holder, key: job.terms.key, isUnknown };
  if (!isAllowed("takeOver", payment, asking)) {
    // By a clock that was set back meanwhile, the lease of the other request is not over yet.
    if (attemptsLeft(payment)) throw new CheckoutBeingOpened(RETRY_SECONDS);
    return { isMine: false, payment, isUsedUp: true };
  }
  return heldAs(ports, payment, takeOver(payment, start, context));
}

/** Stores a take-over. If another request was first, returns what is stored. */
export async function heldAs(
  ports: Pick<RecoverPorts, "payments">,
  before: Payment,
  after: Payment,
): Promise<Recovered> {
  const saved = await ports.payments.save(before, after);
  return saved.won && saved.payment
    ? { isMine: true, payment: saved.payment }
    : { isMine: false, payment: saved.payment };
}
