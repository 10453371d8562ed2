import type { Env } from "../contract/env.ts";
import { paymentIdOf } from "../domain/ids.ts";
import { toBirr } from "../domain/money.ts";
import { type Payment, paidAmount } from "../domain/payment.ts";

type Targets = Pick<Env, "FRONTEND_REDIRECT_URL" | "FRONTEND_PENDING_URL">;

/**
 * Returns a function that gives the address for a payer's browser; undefined if this service shows its own page. The
 * front end's success page always says "paid", so only a confirmed payment leads there.
 */
export function redirects(env: Targets): (payment: Payment, txRef: string) => string | undefined {
  return (payment, txRef) => {
    const target = payment.state === "SUCCESS" ? env.FRONTEND_REDIRECT_URL : env.FRONTEND_PENDING_URL;
    if (!target) return undefined;
    const url = new URL(target);
    if (payment.propertyId) url.searchParams.set("property_id", payment.propertyId);
    url.searchParams.set("tx_ref", txRef);
    url.searchParams.set("amount", toBirr(paidAmount(payment)));
    url.searchParams.set("payment_id", paymentIdOf(payment.ref));
    return url.href;
  };
}
