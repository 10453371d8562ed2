import { beforeAll, describe, expect, test } from "vitest";
import { PAYMENT_STATES } from "../../../lib/domain/payment.ts";
import type { Finding } from "../../../local/demo/checks.ts";
import type { Outcome } from "../../../local/demo/outcome.ts";
import { type Played, play, SCENARIOS } from "../../../local/demo/play.ts";

/** Ways in which a story can end wrong. Each makes several outcomes out of one. */
const WRONG_ENDS: Record<string, (outcome: Outcome) => Outcome[]> = {
  "the payment is in another state": (outcome) =>
    PAYMENT_STATES.filter((state) => outcome.payments.every((payment) => payment.state !== state)).map((state) => ({
      ...outcome,
      payments: outcome.payments.map((payment) => ({ ...payment, state })),
    })),
  "there is no payment": (outcome) => [{ ...outcome, payments: [] }],
  "there is a second payment": (outcome) => [{ ...outcome, payments: [...outcome.payments, ...outcome.payments] }],
  "a person has to look, who need not, or need not, who has to": (outcome) => [
    { ...outcome, payments: outcome.payments.map((payment) => ({ ...payment, attention: ["listing_unclear"] })) },
  ],
  "Chapa has money that we do not know of": (outcome) => [
    { ...outcome, captures: [...outcome.captures, { txRef: "UNKNOWN", amount: 50_000 }] },
  ],
  "we believe in money that Chapa does not have": (outcome) => [{ ...outcome, captures: outcome.captures.slice(1) }].concat(
    { ...outcome, payments: outcome.payments.map((payment) => ({ ...payment, captured: [...payment.captured, "UNKNOWN"] })) },
  ),
};

void WRONG_ENDS;
type Unused = [Finding, Played];
describe.each(SCENARIOS)("$name", (scenario) => {
  let played: Played;
  beforeAll(async () => {
    played = await play(scenario, {});
  });

  test("ends as it says", () => {
    expect(played.findings.filter(({ holds }) => !holds)).toEqual([]);
    expect(played.findings.length).toBeGreaterThan(0);
  });
});
