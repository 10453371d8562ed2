import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { ListQuery, UuidText } from "../contract/api.ts";
import { Uuid } from "../domain/ids.ts";
import { isPrivileged, type Principal } from "../domain/principal.ts";
import { Forbidden } from "./errors.ts";

/** The query of a list, with the user's id in canonical form. */
export const ListFilter = ListQuery.extend({ user_id: UuidText.pipe(Uuid).optional() });

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

/** Returns the header `Link` (RFC 8288) to the same list after `cursor`. */
export function nextLink({ rawPath, queryStringParameters }: APIGatewayProxyEventV2, cursor: string): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(queryStringParameters ?? {})) {
    if (value !== undefined) query.set(name, value);
  }
  query.set("cursor", cursor);
  return `<${rawPath}?${query}>; rel="next"`;
}
