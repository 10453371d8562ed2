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
    return withParameters(target, {
      ...(payment.propertyId ? { property_id: payment.propertyId } : {}),
      tx_ref: txRef,
      amount: toBirr(paidAmount(payment)),
      payment_id: paymentIdOf(payment.ref),
    });
  };
}

/** Returns the address with a query. A front end whose routes begin with `#/` reads it inside its route. */
function withParameters(address: string, parameters: Record<string, string>): string {
  const url = new URL(address);
  const [path = "", query = ""] = url.hash.split(/\?(.*)/s);
  const isRoute = /^#!?\//.test(path);
  const inside = isRoute ? new URLSearchParams(query) : url.searchParams;
  for (const [name, value] of Object.entries(parameters)) inside.set(name, value);
  if (isRoute) url.hash = `${path}?${inside}`;
  return url.href;
}
