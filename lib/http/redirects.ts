import { type Env, EnvironmentInvalid } from "../contract/env.ts";
import { paymentIdOf } from "../domain/ids.ts";
import { toBirr } from "../domain/money.ts";
import { type Payment, paidAmount } from "../domain/payment.ts";

type Targets = Pick<Env, "FRONTEND_REDIRECT_URL" | "FRONTEND_PENDING_URL" | "FRONTEND_ORIGINS">;

/**
 * Returns a function that gives the address for a payer's browser; undefined if this service shows its own page. The
 * front end's success page always says "paid", so only a confirmed payment leads there.
 * @throws EnvironmentInvalid if a target is outside the allowed origins
 */
export function redirects(env: Targets): (payment: Payment, txRef: string) => string | undefined {
  for (const target of [env.FRONTEND_REDIRECT_URL, env.FRONTEND_PENDING_URL]) {
    if (target && !env.FRONTEND_ORIGINS.includes(new URL(target).origin)) {
      throw new EnvironmentInvalid(`${target} is not at one of FRONTEND_ORIGINS`);
    }
  }
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
