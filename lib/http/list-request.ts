import type { APIGatewayProxyEventV2 } from "aws-lambda";
import * as z from "zod";
import { ListQuery, type PaymentList, UuidText } from "../contract/api.ts";
import { paymentIdOf, type Ref, Uuid } from "../domain/ids.ts";
import { isPrivileged, type Principal } from "../domain/principal.ts";
import { Forbidden } from "./errors.ts";
import { queryOf } from "./query.ts";

/** The query of a list, with the user's id in canonical form. A parameter that is no filter would filter nothing. */
export const ListFilter = z.strictObject(ListQuery.shape).extend({
  user_id: UuidText.pipe(Uuid).optional(),
  property_id: UuidText.pipe(Uuid).optional(),
});

/**
 * Returns the user whose payments are listed: the caller, or for administrators and programs the one they name;
 * undefined lists all users.
 * @throws Forbidden if a user asks for another user's payments
 */
export function listedUser(principal: Principal, userId: Uuid | undefined): Uuid | undefined {
  if (isPrivileged(principal)) return userId;
  const own = principal.kind === "user" ? principal.userId : undefined;
  if (own === undefined || (userId !== undefined && userId !== own)) throw new Forbidden("The user_id is not yours.");
  return own;
}

/** @throws Forbidden if a user asks who waits for a person, which is for those who decide */
export function requireOperatorFilter(principal: Principal, attention: string | undefined): void {
  if (attention !== undefined && !isPrivileged(principal)) {
    throw new Forbidden("The filter `attention` is for administrators and programs.");
  }
}

/** Returns the warning of a page on which payments are missing; nothing if none is. */
export function warningAbout(unreadable: readonly Ref[]): Pick<z.infer<typeof PaymentList>, "warning"> {
  if (unreadable.length === 0) return {};
  const detail = "Some payments of this page cannot be read right now because of a fault on our side.";
  return { warning: { code: "payment_unreadable", detail, payment_ids: unreadable.map(paymentIdOf) } };
}

/** Returns the header `Link` (RFC 8288) to the same list after `cursor`. */
export function nextLink(event: APIGatewayProxyEventV2, cursor: string): string {
  const query = new URLSearchParams({ ...queryOf(event), cursor });
  return `<${event.rawPath}?${query}>; rel="next"`;
}
