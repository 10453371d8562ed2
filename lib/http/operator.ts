import { mayDecide, type Principal, wordOf } from "../domain/principal.ts";
import { Forbidden } from "./errors.ts";

/**
 * Returns the caller as the history names who decided.
 * @throws Forbidden if this stage lets other people decide
 */
export function operatorOf(principal: Principal, operators: readonly string[]): string {
  if (!mayDecide(principal, operators)) throw new Forbidden("On this stage other people decide about payments.");
  return wordOf(principal);
}
