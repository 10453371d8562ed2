import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { Uuid } from "../domain/ids.ts";
import { isPrivileged, type Principal } from "../domain/principal.ts";
import { Forbidden } from "./errors.ts";

/**
 * Whose payments a caller is shown: his own; everybody's (undefined) or one user's for administrators and programs.
 * @throws Forbidden when he asks for somebody else's
 */
export function listedUser(principal: Principal, asked: string | undefined): Uuid | undefined {
  const userId = asked === undefined ? undefined : Uuid.parse(asked);
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
