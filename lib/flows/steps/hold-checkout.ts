import { flag } from "../../domain/apply.ts";
import { attemptSubject } from "../../domain/attention.ts";
import { CheckoutClosing, GatewayMisconfigured, GatewayUnavailable, PaymentUnclear } from "../../domain/errors.ts";
import type { VerifyResult } from "../../domain/evidence.ts";
import { noteHeld } from "../../domain/notes.ts";
import type { Flag, Payment } from "../../domain/payment.ts";
import { isAllowed, type TransitionContext } from "../../domain/transitions.ts";
import { isStuck, lapseAt } from "../../domain/verification-schedule.ts";
import type { Log } from "../../runtime/logger.ts";
import type { Count } from "../../runtime/metrics.ts";
import type { PaymentTable } from "../../table/payments.ts";
import { paymentFields } from "./payment-fields.ts";
import { updatePayment } from "./update-payment.ts";

export type HoldPorts = { payments: Pick<PaymentTable, "save">; log: Log; count: Count };

const RETRY_SECONDS = 5;

/** An attempt that we could not leave, or must not leave, and what Chapa said last about it. */
export type Held = { attempt: number; last: VerifyResult };

/**
 * Records that an attempt cannot be left: what Chapa said and since when, and a flag where a person must know.
 * @returns the payment as it now is; undefined if the row is gone
 */
export async function holdCheckout(
  ports: HoldPorts,
  payment: Payment,
  held: Held,
  context: () => TransitionContext,
): Promise<Payment | undefined> {
  const { attempt, last } = held;
  ports.log.warn("checkout_held", {
    ...paymentFields(payment, attempt),
    outcome: last.kind === "unavailable" ? last.reason : last.kind,
    ...("word" in last ? { word: last.word } : {}),
  });
  if (last.kind === "readable") ports.count("ChapaWordUnknown");
  if (last.kind === "unavailable" && last.reason === "foreign") ports.count("CheckoutNotFound");
  const noted = await updatePayment(ports.payments, payment, (current) =>
    current.version === payment.version ? noteHeld(current, attempt, last, context()) : undefined,
  );
  return raise(ports, noted.payment, held, context);
}

async function raise(
  { payments }: HoldPorts,
  payment: Payment | undefined,
  { attempt, last }: Held,
  context: () => TransitionContext,
): Promise<Payment | undefined> {
  let current = payment;
  for (const { code, isNow } of [
    { code: "unknown_status" as const, isNow: () => last.kind === "maybe_money" },
    { code: "not_found" as const, isNow: () => last.kind === "unavailable" && last.reason === "foreign" },
    { code: "stuck" as const, isNow: (seen: Payment) => isStuck(seen, attempt, context().now) },
  ]) {
    if (!current || !isNow(current)) continue;
    const about: Flag = { code, subject: attemptSubject(attempt) };
    const updated = await updatePayment(payments, current, (seen) =>
      isAllowed("flag", seen, { ...context(), ...about }) ? flag(seen, about, context()) : undefined,
    );
    current = updated.payment;
  }
  return current;
}

/** Returns the one error that a caller gets whose request needs this checkout to be left. */
export function heldError(payment: Payment, { attempt, last }: Held, { now, policy }: TransitionContext): Error {
  const saidBefore = payment.attempts[attempt]?.lastRead === "maybe_money";
  if (last.kind === "maybe_money" || (last.kind === "unavailable" && saidBefore)) return new PaymentUnclear();
  if (last.kind !== "unavailable") {
    return new CheckoutClosing(Math.max(1, Math.ceil((lapseAt(payment, attempt, now, policy) - now) / 1000)));
  }
  const isOurFault = last.reason === "misconfigured" || last.reason === "foreign";
  return isOurFault ? new GatewayMisconfigured(RETRY_SECONDS) : new GatewayUnavailable(RETRY_SECONDS);
}
