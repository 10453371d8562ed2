import { DecisionImpossible } from "./errors.ts";
import { type Payment, STORED_SUPPORT_LINKS, type SupportLink } from "./payment.ts";

/**
 * Returns the payment with a link that support asked for; the same payment if that is stored already. It is no
 * transition: what the fee owes and what its checkouts are stays as it is.
 * @throws DecisionImpossible if it has {@link STORED_SUPPORT_LINKS} of them
 */
export function withSupportLink(payment: Payment, link: SupportLink): Payment {
  const { state, supportLinks = [] } = payment;
  const isStored = supportLinks.some(
    ({ at, by, reason }) => at === link.at && by === link.by && reason === link.reason,
  );
  if (isStored) return payment;
  if (supportLinks.length >= STORED_SUPPORT_LINKS)
    throw new DecisionImpossible(state, `support has made ${STORED_SUPPORT_LINKS} links of it already`);
  return { ...payment, supportLinks: [...supportLinks, link] };
}

/** Returns the last link that support asked for; undefined if only the owner has. */
export function lastSupportLink({ supportLinks }: Pick<Payment, "supportLinks">): SupportLink | undefined {
  return supportLinks?.at(-1);
}
