import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { ListQuery, UuidText } from "../contract/api.ts";
import { Uuid } from "../domain/ids.ts";
import { isPrivileged, type Principal } from "../domain/principal.ts";
import { Forbidden } from "./errors.ts";

/** What a list is asked for, with the id in its canonical form. */
export const ListFilter = ListQuery.extend({ user_id: UuidText.pipe(Uuid).optional() });

/**
 * Whose payments a caller is shown: their own; everybody's (undefined) or one user's for administrators and programs.
 * @throws Forbidden when a user asks for somebody else's
 */
export function listedUser(principal: Principal, userId: Uuid | undefined): Uuid | undefined {
  if (isPrivileged(principal)) return userId;
  const own = principal.kind === "user" ? principal.userId : undefined;
  if (own === undefined || (userId !== undefined && userId !== own)) throw new Forbidden("The user_id is not yours.");
  return own;
}

/** RFC 8288: the same list, from `cursor` on. */
export function nextLink({ rawPath, queryStringParameters }: APIGatewayProxyEventV2, cursor: string): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(queryStringParameters ?? {})) {
    if (value !== undefined) query.set(name, value);
  }
  query.set("cursor", cursor);
  return `<${rawPath}?${query}>; rel="next"`;
}
