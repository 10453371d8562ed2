import { DecidedAs } from "../contract/api.ts";
import { mayDecide, type Principal, wordOf } from "../domain/principal.ts";
import { Forbidden, InputInvalid } from "./errors.ts";
import { parseRequest } from "./parse.ts";

/**
 * Returns the caller as the history names who decided. The body of a program's request may name for whom it asks.
 * @throws Forbidden if this stage lets other people decide; InputInvalid if a user names somebody
 */
export function operatorOf(principal: Principal, operators: readonly string[], body: unknown): string {
  if (!mayDecide(principal, operators)) throw new Forbidden("On this stage other people decide about payments.");
  const { as } = parseRequest("body", DecidedAs, body ?? {});
  if (as != null && principal.kind === "user") {
    const msg = "only a program names for whom it asks";
    throw new InputInvalid([{ pointer: "/as", loc: ["body", "as"], msg, type: "as_not_allowed" }]);
  }
  return wordOf(principal, as);
}
