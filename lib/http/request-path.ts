import type { APIGatewayProxyEventV2 } from "aws-lambda";
import * as z from "zod";
import { UuidText } from "../contract/api.ts";
import { Uuid } from "../domain/ids.ts";
import { isPrivileged, type Principal } from "../domain/principal.ts";
import { Forbidden, InputInvalid } from "./errors.ts";
import { RequestId } from "./initiate-request.ts";
import { parseRequest } from "./parse.ts";
import { queryOf } from "./query.ts";

const Path = z.object({ request_id: RequestId });
const Query = z.strictObject({ user_id: UuidText.pipe(Uuid).optional() });

/**
 * Returns the request that the path names, and its user: the caller, or the one that an administrator or a program
 * names. `mayPay`: the caller could have made the request, so they get its checkout, as initiate returns it.
 * @throws InputInvalid, Forbidden
 */
export function requestAt(
  event: APIGatewayProxyEventV2,
  principal: Principal,
): { userId: Uuid; requestId: string; mayPay: boolean } {
  const { request_id: requestId } = parseRequest("path", Path, event.pathParameters);
  const { user_id } = parseRequest("query", Query, queryOf(event));
  const own = principal.kind === "user" ? principal.userId : undefined;
  if (isPrivileged(principal)) {
    const userId = user_id ?? own;
    if (!userId)
      throw new InputInvalid([
        { pointer: "/user_id", loc: ["query", "user_id"], msg: "Field required", type: "missing" },
      ]);
    return { userId, requestId, mayPay: userId === own || mayInitiate(principal) };
  }
  if (own === undefined || (user_id !== undefined && user_id !== own)) throw new Forbidden("The user_id is not yours.");
  return { userId: own, requestId, mayPay: true };
}

function mayInitiate(principal: Principal): boolean {
  return principal.kind === "service" && principal.roles.includes("service");
}
