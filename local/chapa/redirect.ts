import type { Leaves } from "./actions.ts";
import type { Profile } from "./profiles.ts";
import type { Transaction } from "./transactions.ts";

/** The URL that the payer's browser is redirected to: the merchant's page or Chapa's receipt. Null: no redirect. */
export function payerGoesTo(
  transaction: Transaction,
  leaves: Leaves,
  { profile, origin }: { profile: Profile; origin: string },
): string | null {
  const { order, captures } = transaction;
  const reference = captures[0]?.reference ?? transaction.lastFailure?.reference ?? "";
  if (!leaves) return null;
  if (!order.returnUrl) return leaves === "paid" ? `${origin}/checkout/payment-receipt/${reference}` : null;
  const url = new URL(order.returnUrl);
  const append = (txRef: string, status: string): void => {
    url.searchParams.append("trx_ref", txRef);
    url.searchParams.append("ref_id", reference);
    url.searchParams.append("status", status);
  };
  const [truth, lie] = leaves === "paid" ? ["success", "failed"] : ["cancelled", "success"];
  switch (profile.trait("redirect", order.txRef)) {
    case "appended":
      append(order.txRef, truth);
      break;
    case "bare":
      break;
    case "wrong":
      append("SOMEBODYELSES0000000", lie);
      break;
    case "doubled":
      append(order.txRef, lie);
      append(order.txRef, truth);
  }
  return url.href;
}
