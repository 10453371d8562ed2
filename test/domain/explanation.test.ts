import { expect, test } from "vitest";
import { flag, reject } from "../../lib/domain/apply.ts";
import { explanationOf } from "../../lib/domain/explanation.ts";
import { Santim } from "../../lib/domain/money.ts";
import {
  type Attempt,
  hasEnded,
  isSettledUnpaid,
  mayBePaid,
  openFlags,
  type Payment,
} from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import { isPastWindow } from "../../lib/domain/verification-schedule.ts";
import {
  aCapture,
  aClaim,
  aConfirmed,
  aLease,
  anOpened,
  aRef,
  aRenewed,
  aReviewed,
  aSettled,
  CLOSED_LISTING,
  captured,
  LATER,
  moneyOn,
  POLICY,
  T0,
  UNPAID_TRANSITIONS,
  withAttempts,
} from "../support/payments.ts";

const paid = aConfirmed();
/** The payment with something that happened to its latest checkout. */
function withAttempt(payment: Payment, change: Partial<Attempt>): Payment {
  const opened = payment.attempts[payment.attempt];
  return opened
    ? { ...payment, attempts: { ...payment.attempts, [payment.attempt]: { ...opened, ...change } } }
    : payment;
}
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
    withAttempt(anOpened(), { lastRead: "failed" }),
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
    /does not take it\..* It has waited since .* for a person to look at it \(listing_closed\)/,
  ],
  ["money differs", aReviewed(), T0, /^Money came, but it differs.* accepts or rejects it .* \(mismatch\) and answer/],
  [
    "it expired",
    aSettled("expire"),
    T0,
    /^It expired at .*\. A payment that is found later still counts\. The owner's next press opens a new checkout\. Unless money is found, the listing service hears at 2026-12-01T06:00Z that it failed\.$/,
  ],
  ["it was cancelled", aSettled("cancel"), T0, /^It was cancelled at /],
  [
    "it is finalised",
    { ...aSettled("fail"), finalised: true },
    T0,
    /^It failed at .* No checkout can follow\. The listing service hears that it failed\.$/,
  ],
  [
    "its checkout has ended, and no other is open",
    withAttempt(anOpened(), { end: "lapsed", lapsedAt: T0 }),
    T0,
    /^No payment was found so far, and no checkout is open\. The owner's next press opens one\./,
  ],
  [
    "Chapa has spoken of money",
    withAttempt(anOpened(), { webhookAt: T0 }),
    T0 + 2 * HOUR_MS,
    /nobody should pay again until it has answered\./,
  ],
  [
    "a checkout cannot be left",
    flag(anOpened(), { code: "stuck", subject: "attempt-0" }, LATER),
    T0,
    /\(stuck\) and answer .* `POST …\/release` lets it go on\.$/,
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

const accepted = { ...paid, captures: [aCapture({ at: T0 + 30 * MINUTE_MS })] };
const flags = [
  { code: "duplicate", subject: "AP7", at: LATER.now },
  { code: "stuck", subject: "attempt-0", at: LATER.now + 1 },
] as const;

test.each<[string, Payment, number, string]>([
  ["whose lease has ended", aClaim(), T0 + MINUTE_MS, "No checkout is open. The owner's next press opens one."],
  [
    "whose data was refused",
    { ...aClaim(), lease: undefined, failureReason: "the email is not valid" },
    T0,
    "No checkout is open: the email is not valid. The owner's next press opens one.",
  ],
  [
    "that is open",
    { ...anOpened(), dueAt: undefined },
    T0,
    "A checkout is open and can be paid until 2026-11-24T07:00Z.",
  ],
  [
    "whose window is over and whose question is due",
    { ...anOpened(), dueAt: LATER.now },
    LATER.now,
    "No payment was found so far, and the checkout's time is over. The owner's next press opens a new one. Chapa is asked again within minutes. Without a payment it expires at 2026-12-01T06:00Z.",
  ],
  [
    "whose timeout has come",
    { ...anOpened(), dueAt: undefined },
    T0 + 7 * DAY_MS,
    "No payment was found so far, and the checkout's time is over. The owner's next press opens a new one.",
  ],
  [
    "that was left",
    { ...withAttempts({ end: "lapsed" }), dueAt: undefined, next: aRef() },
    T0,
    "No payment was found so far, and no checkout is open. The fee goes on with another payment, which `next_payment_id` names.",
  ],
  [
    "whose money went back",
    { ...accepted, captures: accepted.captures.map((one) => ({ ...one, back })) },
    T0,
    "Paid at 2026-11-24T06:30Z. Nothing of the money is left: it went back. The owner's next press starts a new payment for the fee.",
  ],
  [
    "whose delivery has no date",
    { ...accepted, dueAt: undefined },
    T0,
    "Paid at 2026-11-24T06:30Z. The listing service has not acknowledged it yet.",
  ],
  [
    "whose money is not recorded",
    { ...paid, captures: [], acknowledgedAt: T0 },
    T0,
    "Paid at 2026-11-24T08:00Z. The listing service acknowledged it at 2026-11-24T06:00Z. Nothing is left to do.",
  ],
  [
    "that was settled at an unknown time",
    { ...aSettled("expire"), settledAt: undefined, updatedAt: T0 },
    T0,
    "It expired at 2026-11-24T06:00Z. A payment that is found later still counts. The owner's next press opens a new checkout.",
  ],
  [
    "that is finalised in this moment",
    { ...aSettled("cancel"), failureReason: "why" },
    T0 + 7 * DAY_MS,
    "It was cancelled at 2026-11-24T08:00Z (why). A payment that is found later still counts. The owner's next press opens a new checkout.",
  ],
  [
    "that is finalised for another purpose",
    { ...aSettled("fail"), finalised: true, purpose: "other" },
    T0,
    "It failed at 2026-11-24T08:00Z. A payment that is found later still counts. No checkout can follow.",
  ],
  [
    "that waits for a person twice",
    { ...anOpened(), dueAt: undefined, attention: flags },
    T0,
    "A checkout is open and can be paid until 2026-11-24T07:00Z. It has waited since 2026-11-24T08:00Z for a person to look at it (duplicate, stuck) and answer with `POST …/attention/{entry}`. `POST …/release` lets it go on.",
  ],
])("a payment %s says this, and not a word more", (_, payment, now, text) => {
  expect(explanationOf(payment, now, POLICY)).toBe(text);
});

test("test money on a stage that sells for real is said to be that", () => {
  const live = { ...POLICY, expectedMode: "live" as const };
  const text = "Paid at 2026-11-24T08:00Z. It was test money, of which nobody hears on this stage.";
  expect(explanationOf(paid, T0, live)).toBe(text);
});

/** Each payment that builders make, as it stands and with each thing that may have happened to it. */
const PAYMENTS = [
  aClaim(),
  anOpened(),
  aRenewed(),
  aConfirmed(),
  aConfirmed(aRenewed(), 0),
  aReviewed(),
  ...UNPAID_TRANSITIONS.map((how) => aSettled(how)),
  aSettled("expire", aRenewed()),
  aConfirmed(aSettled("expire")),
  captured(aConfirmed(), "duplicate", moneyOn(aConfirmed(), 0, { reference: "AP7" })),
].flatMap((payment) => [
  payment,
  { ...payment, next: aRef(), spentAt: T0 },
  { ...payment, unreachableSince: T0 },
  { ...payment, finalised: true as const },
  { ...payment, lease: undefined },
  { ...payment, dueAt: undefined },
  { ...payment, captures: payment.captures.map((one) => ({ ...one, back })) },
  ...(["failed", "maybe_money"] as const).map((lastRead) => withAttempt(payment, { lastRead })),
  withAttempt(payment, { webhookAt: T0 }),
  withAttempt(payment, { end: "lapsed", lapsedAt: T0 }),
  withAttempt(payment, { end: "mode_changed" }),
  withAttempt(payment, { closedAt: T0, end: "cancelled" }),
]);
const MOMENTS = [T0, T0 + 2 * HOUR_MS, T0 + DAY_MS, T0 + 8 * DAY_MS, T0 + 90 * DAY_MS];
const STAGES = [POLICY, { ...POLICY, expectedMode: "live" as const }, { ...POLICY, listingHearsFailed: false }];
const explained = () =>
  PAYMENTS.flatMap((payment) =>
    MOMENTS.flatMap((now) => STAGES.map((policy) => ({ payment, now, text: explanationOf(payment, now, policy) }))),
  );

test("each payment that can be made is explained in whole sentences, with real times", () => {
  expect(explained().length).toBeGreaterThan(1000);
  for (const { text } of explained()) {
    expect(text).toMatch(/^[A-Z].*\.$/);
    expect(text).not.toMatch(/undefined|NaN|null|Invalid|\.\.| {2}|1970/);
  }
});

test("no explanation claims that nobody paid, and one of a paid payment begins with its money", () => {
  for (const { payment, text } of explained()) {
    expect(text).not.toMatch(/not paid|nobody paid|no money|nothing was (paid|charged)/i);
    if (payment.state === "SUCCESS") expect(text).toMatch(/^Paid at /);
    if (payment.state === "REVIEW") expect(text).toMatch(/^Money came/);
  }
});

test("no explanation tells an owner to press while money may have come, or where the fee has gone on or is settled for good", () => {
  for (const { payment, text } of explained()) {
    const isOver = payment.next !== undefined || (payment.finalised && isSettledUnpaid(payment));
    if (mayBePaid(payment) || isOver) expect(text).not.toMatch(/press (opens|starts)/);
  }
});

test("an explanation says that a checkout can be paid only until the window of a live one ends", () => {
  for (const { payment, now, text } of explained()) {
    const isLive = payment.state === "PENDING" && !hasEnded(payment, payment.attempt);
    if (!isLive || isPastWindow(payment, now, POLICY)) expect(text).not.toMatch(/can be paid until/);
  }
});

test("an explanation names every code that waits for a person", () => {
  for (const { payment, text } of explained()) for (const code of openFlags(payment)) expect(text).toContain(code);
});

test("an explanation says when and why support last asked for the link, in whatever state the payment is", () => {
  const link = { by: "user:x", reason: "they called" };
  const supportLinks = [
    { ...link, at: T0, reason: "an older one" },
    { ...link, at: T0 + MINUTE_MS },
  ];
  for (const payment of PAYMENTS) {
    const text = explanationOf({ ...payment, supportLinks }, T0 + DAY_MS, POLICY);
    expect(text).toContain(
      "Support asked for its link in the owner's name at 2026-11-24T06:01Z, with this reason: “they called”.",
    );
    expect(text).not.toContain("user:x");
    expect(text).not.toContain("an older one");
  }
});
