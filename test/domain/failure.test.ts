import { expect, test } from "vitest";
import { open, reject, reopen } from "../../lib/domain/apply.ts";
import { rejectReview } from "../../lib/domain/decisions.ts";
import { failureCodeOf } from "../../lib/domain/failure.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import { DAY_MS } from "../../lib/domain/time.ts";
import { FAILURE_CODES } from "../../lib/domain/vocabulary.ts";
import {
  aClaim,
  aConfirmed,
  aContext,
  aLease,
  anOpened,
  aReviewed,
  aSettled,
  CHECKOUT_URL,
  CLOSING,
  LATER,
  T0,
  TERMS,
} from "../support/payments.ts";

const failedTry = { ...anOpened(), failureReason: "the last try failed" };
const rejected = reject(aClaim(), "me", "the phone number is not valid", LATER);
const notAccepted = rejectReview(
  aReviewed(),
  {
    reason: "one birr is missing",
    closings: [CLOSING],
    kept: [{ capture: "AP0", reason: "moved to another fee" }],
    refunds: [],
  },
  LATER,
);

const CASES: [string, Payment, string | undefined][] = [
  ["a payment that nobody has paid yet", anOpened(), undefined],
  ["a paid payment", aConfirmed(), undefined],
  ["a payment under review", aReviewed(), undefined],
  ["a payment whose last try failed", failedTry, "try_failed"],
  ["a payment whose data Chapa refused", rejected, "gateway_refused"],
  ["a payment that Chapa says failed", aSettled("fail"), "payment_failed"],
  ["a payment whose money was not accepted", notAccepted, "not_accepted"],
  ["an expired payment", aSettled("expire"), "expired"],
  ["a cancelled payment", aSettled("cancel"), "cancelled"],
];

test.each(CASES)("%s has the code of its failure, or none", (_, payment, code) => {
  expect(failureCodeOf(payment)).toBe(code);
});

test("every code of failures belongs to a payment that can be made", () => {
  expect(new Set(CASES.flatMap(([, , code]) => code ?? []))).toEqual(new Set(FAILURE_CODES));
});

test("a payment that failed twice has the code of the later failure", () => {
  const later = aContext(T0 + DAY_MS);
  const start = { terms: TERMS, lease: aLease("me", later.now + 60_000) };
  const reopened = open(reopen(rejected, later.now, start, later), "me", CHECKOUT_URL, later);
  expect(failureCodeOf(reopened)).toBeUndefined();
  const failed = aSettled("fail", reopened, aContext(later.now + DAY_MS));
  expect(failed.history.map(({ transition }) => transition)).toContain("reject");
  expect(failureCodeOf(failed)).toBe("payment_failed");
});
