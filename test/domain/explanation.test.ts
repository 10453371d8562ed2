import { expect, test } from "vitest";
import { flag, reject } from "../../lib/domain/apply.ts";
import { explanationOf } from "../../lib/domain/explanation.ts";
import { Santim } from "../../lib/domain/money.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS } from "../../lib/domain/time.ts";
import {
  aClaim,
  aConfirmed,
  aLease,
  anOpened,
  aRef,
  aReviewed,
  aSettled,
  CLOSED_LISTING,
  LATER,
  POLICY,
  T0,
} from "../support/payments.ts";

const paid = aConfirmed();
const withLastRead = (lastRead: "failed"): Payment => {
  const opened = anOpened();
  const [attempt] = Object.values(opened.attempts);
  return attempt ? { ...opened, attempts: { 0: { ...attempt, lastRead } } } : opened;
};
const back = { refunded: Santim.parse(50_000), reversed: Santim.parse(0) };

test.each<[string, Payment, number, RegExp]>([
  ["a checkout is being opened", aClaim(), T0, /^A checkout is being opened; that ends by .*Z at the latest\.$/],
  [
    "nobody opens a checkout",
    { ...aClaim(), lease: undefined },
    T0,
    /^No checkout is open\. The owner's next press opens one\.$/,
  ],
  [
    "an answer was lost",
    { ...aClaim(), lease: { ...aLease("me", T0), lost: 1 } },
    T0 + 1,
    /Chapa's last answer was lost, so Chapa is asked about it first\.$/,
  ],
  [
    "Chapa refused the data",
    reject({ ...aClaim(), lease: aLease() }, "me", "the email is not valid", LATER),
    T0,
    /the email is not valid/,
  ],
  [
    "a checkout is open",
    anOpened(),
    T0,
    /^A checkout is open and can be paid until 2026-11-24T07:00Z\. Chapa is asked again at .*Z\.$/,
  ],
  [
    "a try failed",
    withLastRead("failed"),
    T0,
    /^The last try at Chapa failed or was cancelled\. The owner's next press opens a new checkout at once\./,
  ],
  [
    "the window is over",
    anOpened(),
    T0 + 2 * HOUR_MS,
    /no(?:t)? .*found so far|No payment was found so far.*expires at 2026-12-01T06:00Z\.$/,
  ],
  [
    "the listing has not answered",
    paid,
    T0,
    /^Paid at .*Z\. The listing service has not acknowledged it yet\. It hears it again at .*Z at the latest\.$/,
  ],
  [
    "the listing has acknowledged",
    { ...paid, acknowledgedAt: T0 },
    T0,
    /acknowledged it at 2026-11-24T06:00Z\. Nothing is left to do\.$/,
  ],
  ["the listing is not concerned", { ...paid, purpose: "other" }, T0, /The listing service is not concerned\.$/],
  ["the money came late", { ...paid, late: true }, T0, /, after it had been settled unpaid\./],
  [
    "the money went back",
    { ...paid, captures: paid.captures.map((one) => ({ ...one, back })) },
    T0,
    /Nothing of the money is left: it went back\./,
  ],
  [
    "the listing takes it no more",
    flag(paid, CLOSED_LISTING, LATER),
    T0,
    /does not take it\..* A person must look at it since .* \(listing_closed\)/,
  ],
  ["money differs", aReviewed(), T0, /^Money came, but it differs.* accepts or rejects it .* \(mismatch\) and answer/],
  [
    "it expired",
    aSettled("expire"),
    T0,
    /^It expired at .*\. A payment that is found later still counts\. The owner's next press opens a new checkout\.$/,
  ],
  ["it was cancelled", aSettled("cancel"), T0, /^It was cancelled at /],
  [
    "it is finalised",
    { ...aSettled("fail"), finalised: true },
    T0,
    /^It failed at .* It can no longer be paid\. The listing service has heard so\.$/,
  ],
  ["the fee went on", { ...aSettled("expire"), next: aRef() }, T0, /The fee goes on with another payment/],
  [
    "Chapa is silent",
    { ...anOpened(), unreachableSince: T0 },
    T0,
    /Chapa has given no usable answer about it since 2026-11-24T06:00Z\.$/,
  ],
])("a payment explains itself when %s", (_, payment, now, sentence) => {
  expect(explanationOf(payment, now, POLICY)).toMatch(sentence);
});

test("no explanation claims that nobody paid", () => {
  const payments = [
    aClaim(),
    anOpened(),
    aReviewed(),
    ...(["fail", "expire", "cancel"] as const).map((how) => aSettled(how)),
  ];
  for (const payment of payments) {
    for (const now of [T0, T0 + DAY_MS, T0 + 30 * DAY_MS]) {
      expect(explanationOf(payment, now, POLICY)).not.toMatch(/not paid|unpaid|nobody paid|no money/i);
    }
  }
});
