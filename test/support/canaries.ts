import { PASSWORD, USERS } from "../../local/users.ts";

const NAMES = Object.values(USERS)
  .map(({ email }) => email.split("@")[0] ?? "")
  .filter((name) => name !== "admin");

/** What no record may hold: shapes of secrets and personal data, and those that the tests use. */
const CANARIES: Record<string, RegExp> = {
  "a token": /eyJ[\w-]{8,}\.[\w-]+\.[\w-]*/,
  "an e-mail address": /[\w.+-]+@[\w-]+\.\w+/,
  "a phone number": /(?<![\w.-])(?:\+?251|0)[79]\d{8}(?!\w)/,
  "a key of Chapa's": /CHASECK|CHAPA-SECK/,
  "a bearer": /bearer\s+\S{8}/i,
  "a secret of this machine": new RegExp(
    `sim-webhook-secret|local-(?:api-key|jwt-secret|listing-webhook|cursor|upstash|namespace)|replaced-|canary|${PASSWORD}`,
  ),
  // As a word of its own: some names are hexadecimal, so ids contain them by chance.
  "a name": new RegExp(`(?<![a-z0-9])(?:${NAMES.join("|")})(?![a-z0-9])`, "i"),
};

/** Names what a record says that it must not say. */
export function canariesIn(record: string): string[] {
  return Object.entries(CANARIES).flatMap(([name, pattern]) => (pattern.test(record) ? [name] : []));
}
