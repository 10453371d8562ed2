import fc from "fast-check";
import { expect, test } from "vitest";
import { renew } from "../../lib/domain/apply.ts";
import { adoptUnmatched } from "../../lib/domain/apply-money.ts";
import type { ClosingEvidence, Money, PaidFacts } from "../../lib/domain/evidence.ts";
import { Santim } from "../../lib/domain/money.ts";
import { noteVerification } from "../../lib/domain/notes.ts";
import { type Capture, KeyId, type Payment } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import {
  isAllowed,
  isTriedAgain,
  isUsedUp,
  type KeptCapture,
  type RefundRequest,
  refusalOf,
  TRANSITIONS,
  type TransitionContext,
  transitionDue,
  transitionForMoney,
} from "../../lib/domain/transitions.ts";
import { UNPAID_REASONS, type UnpaidReason } from "../../lib/domain/vocabulary.ts";
import {
  aCapture,
  aClaim,
  aConfirmed,
  aContext,
  aLease,
  anAttempt,
  anOpened,
  aRef,
  aRenewed,
  aReviewed,
  aSettled,
  CHECKOUT_URL,
  CLOSING,
  captured,
  LATER,
  moneyOn,
  POLICY,
  T0,
  TERMS,
  UNPAID_TRANSITIONS,
  withAttempts,
} from "../support/payments.ts";

const due = (payment: Payment, found: UnpaidReason, now: number, attempt = 0) =>
  transitionDue(payment, { attempt, found }, aContext(now));
const forMoney = (payment: Payment, result: Money, attempt = 0) =>
  transitionForMoney(payment, { attempt, result }, LATER);

function everyState(): Payment[] {
  const opened = anOpened();
  return [
    aClaim(),
    opened,
    aConfirmed(opened),
    aReviewed(opened),
    aSettled("fail", opened, LATER),
    aSettled("expire", opened),
    aSettled("cancel", opened, LATER),
  ];
}

test("a success that equals what was opened confirms every payment that is not a success yet", () => {
  for (const payment of everyState()) {
    expect(forMoney(payment, moneyOn(payment))).toBe(payment.state === "SUCCESS" ? undefined : "confirm");
  }
});

test.each<Partial<PaidFacts>>([
  { amount: Santim.parse(49_999) },
  { amount: Santim.parse(50_001) },
  { amount: undefined },
  { currency: "USD" },
  { currency: undefined },
  { mode: "live" },
  { mode: undefined },
  { txRef: "G85FR23GHWFN3DNF00BV" },
  { txRef: undefined },
])("a success that differs in %j is never a success and never ignored", (change) => {
  for (const payment of everyState()) {
    if (payment.state === "SUCCESS" || payment.state === "REVIEW") continue;
    expect(forMoney(payment, moneyOn(payment, 0, change))).toBe("review");
  }
});

test("any reported amount but the agreed one leads to a review", () => {
  const payment = anOpened();
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000_000 }), (value) => {
      const amount = Santim.parse(value);
      expect(forMoney(payment, moneyOn(payment, 0, { amount }))).toBe(value === 50_000 ? "confirm" : "review");
    }),
  );
});

test("an older checkout is compared with what it was opened for, not with today's price", () => {
  const dearer = { ...TERMS, amount: Santim.parse(60_000) };
  const renewed = aRenewed(anOpened(), LATER, dearer);
  expect(forMoney(renewed, moneyOn(renewed))).toBe("confirm");
  expect(forMoney(renewed, moneyOn(renewed, 1), 1)).toBe("review");
  expect(forMoney(renewed, moneyOn(renewed, 1, { amount: Santim.parse(60_000) }), 1)).toBe("confirm");
});

test("a capture beside the confirmed one is a duplicate, once for each checkout and each reference", () => {
  const once = aConfirmed(aRenewed(), 1);
  expect(forMoney(once, moneyOn(once, 1), 1)).toBeUndefined();
  expect(forMoney(once, moneyOn(once))).toBe("duplicate");
  expect(forMoney(once, moneyOn(once, 0, { amount: Santim.parse(1) }))).toBe("duplicate");
  const twice = captured(once, "duplicate", moneyOn(once));
  expect(forMoney(twice, moneyOn(twice))).toBeUndefined();
  expect(forMoney(twice, moneyOn(twice, 0, { reference: "ANOTHER" }))).toBe("duplicate");
  expect(forMoney(twice, moneyOn(twice, 0, { reference: undefined }))).toBeUndefined();
});

test("money without a row of ours, or on an attempt that we never began, is an unmatched capture", () => {
  const payment = anOpened();
  expect(forMoney(payment, moneyOn(payment, 7), 7)).toBe("unmatched");
  const unmatched = adoptUnmatched(payment, { attempt: 7, result: moneyOn(payment, 7) }, TERMS, LATER);
  expect(forMoney(unmatched, moneyOn(payment, 7), 7)).toBeUndefined();
  const known = captured(payment, "unmatched", moneyOn(payment, 7), 7);
  expect(forMoney(known, moneyOn(known, 7), 7)).toBeUndefined();
});

test("the same evidence does not raise again what a person has resolved", () => {
  const opened = anOpened();
  const odd = moneyOn(opened, 0, { amount: Santim.parse(1) });
  const review = captured(opened, "review", odd);
  expect(forMoney(review, odd)).toBeUndefined();
  expect(forMoney({ ...review, state: "FAILED" }, odd)).toBeUndefined();
  const rejected = { ...review, state: "FAILED" } as const;
  const others: Partial<PaidFacts>[] = [{ amount: Santim.parse(2) }, { currency: "USD" }, { mode: "live" }];
  for (const change of others)
    expect(forMoney(rejected, moneyOn(opened, 0, { ...odd.facts, ...change }))).toBe("review");
  expect(forMoney(rejected, { kind: "refunded", facts: odd.facts })).toBe("wentBack");
});

test.each(["refunded", "reversed"] as const)("money that was %s is recorded where it was paid, and once", (how) => {
  for (const payment of everyState()) {
    const known = payment.state === "SUCCESS" || payment.state === "REVIEW";
    expect(forMoney(payment, moneyOn(payment, 0, { kind: how }))).toBe(known ? "wentBack" : "review");
  }
  const opened = anOpened();
  const gone = captured(opened, "review", moneyOn(opened, 0, { kind: how }));
  expect(forMoney(gone, moneyOn(opened, 0, { kind: how }))).toBeUndefined();
});

test("money that went back is recorded even if we never knew that it had come", () => {
  const success = aConfirmed();
  const reversed = moneyOn(success, 0, { kind: "reversed", reference: "UNKNOWN" });
  expect(forMoney(success, reversed)).toBe("duplicate");
  expect(forMoney({ ...success, captures: [] }, reversed)).toBe("duplicate");
});

test("money that the bank took and the merchant refunded, too, is recorded twice; what was refunded cannot be reversed", () => {
  const success = aConfirmed();
  const [reversal, refund] = [moneyOn(success, 0, { kind: "reversed" }), moneyOn(success, 0, { kind: "refunded" })];
  const reversed = captured(success, "wentBack", reversal);
  expect(forMoney(reversed, reversal)).toBeUndefined();
  expect(forMoney(reversed, refund)).toBe("wentBack");
  expect(forMoney(captured(success, "wentBack", refund), reversal)).toBeUndefined();
});

test("a reversed capture that verify reports as success is captured again, once, and is no longer reversed", () => {
  const success = aConfirmed();
  const reversed = captured(success, "wentBack", moneyOn(success, 0, { kind: "reversed" }));
  expect(forMoney(reversed, moneyOn(success))).toBe("capturedAgain");
  const again = captured(reversed, "capturedAgain", moneyOn(success));
  expect(forMoney(again, moneyOn(success))).toBeUndefined();
  expect(forMoney(again, moneyOn(success, 0, { kind: "reversed" }))).toBe("wentBack");
});

test("a refunded capture that verify reports as success stays refunded", () => {
  const success = aConfirmed();
  const refunded = captured(success, "wentBack", moneyOn(success, 0, { kind: "refunded" }));
  expect(forMoney(refunded, moneyOn(success))).toBeUndefined();
  const reversed = {
    ...refunded,
    captures: refunded.captures.map((known) => ({ ...known, amount: Santim.parse(60_000) })),
  };
  expect(forMoney(reversed, moneyOn(success, 0, { kind: "reversed" }))).toBe("wentBack");
});

test("money in REVIEW that the bank returned confirms if it is as agreed, and waits on if it is not", () => {
  const opened = anOpened();
  const gone = captured(opened, "review", moneyOn(opened, 0, { kind: "reversed" }));
  expect(forMoney(gone, moneyOn(opened))).toBe("confirm");
  expect(captured(gone, "confirm", moneyOn(opened)).captures).toEqual(aConfirmed(opened).captures);
  const odd = moneyOn(opened, 0, { amount: Santim.parse(1) });
  const oddGone = captured(opened, "review", { ...odd, kind: "reversed" });
  expect(forMoney(oddGone, odd)).toBe("capturedAgain");
  expect(forMoney(oddGone, moneyOn(opened, 0, { amount: Santim.parse(2) }))).toBe("review");
});

test("a capture that a person has decided on never confirms and never returns to REVIEW when it is captured again", () => {
  const opened = anOpened();
  const gone = captured(opened, "review", moneyOn(opened, 0, { kind: "reversed" }));
  const rejected = { ...gone, state: "FAILED" } as const;
  expect(forMoney(rejected, moneyOn(opened))).toBe("capturedAgain");
  expect(forMoney(rejected, moneyOn(opened, 0, { reference: "OTHER" }))).toBe("confirm");
});

const timeout = T0 + 7 * DAY_MS;

test.each(UNPAID_REASONS)("an unpaid payment (%s) expires at its timeout and not before", (reason) => {
  for (const payment of [aClaim(), anOpened()]) {
    if (reason !== "failed") expect(due(payment, reason, timeout - 1)).toBeUndefined();
    expect(due(payment, reason, timeout)).toBe("expire");
  }
});

test("the timeout counts from the latest attempt", () => {
  const renewed = renew(anOpened(), CLOSING, { terms: TERMS, lease: aLease() }, aContext(T0 + 3 * DAY_MS));
  expect(due(renewed, "pending", timeout)).toBeUndefined();
  expect(due(renewed, "pending", timeout + 3 * DAY_MS)).toBe("expire");
});

test("a failed try settles a payment only when its window is over", () => {
  const payment = anOpened();
  expect(due(payment, "failed", T0 + 59 * MINUTE_MS)).toBeUndefined();
  expect(due(payment, "failed", T0 + 60 * MINUTE_MS)).toBe("fail");
  expect(due(payment, "pending", T0 + 60 * MINUTE_MS)).toBeUndefined();
});

test("a failed try on a checkout that was left says nothing about the one that is open", () => {
  expect(due(aRenewed(), "failed", T0 + 4 * HOUR_MS)).toBeUndefined();
});

test("a payment past its window with no attempt left does not fail by that: the next press goes on with another one", () => {
  const worn = { ...anOpened(), attempt: 1023, attempts: { 1023: { ...TERMS, openedAt: T0 } } };
  expect(due(worn, "pending", T0 + 60 * MINUTE_MS, 1023)).toBeUndefined();
});

test("a settled payment is finalised at its time, once, and never where the listing is not notified", () => {
  const expired = aSettled("expire", anOpened(), aContext(timeout));
  expect(due(expired, "pending", timeout)).toBeUndefined();
  expect(due(expired, "pending", timeout + HOUR_MS)).toBe("finalise");
  expect(due({ ...expired, finalised: true }, "pending", timeout + DAY_MS)).toBeUndefined();
  const quiet = { ...POLICY, listingHearsFailed: false };
  expect(
    transitionDue(expired, { attempt: 0, found: "pending" }, { now: timeout + DAY_MS, by: "test", policy: quiet }),
  ).toBeUndefined();
});

test("a payment is not finalised while another of its checkouts has not been verified since it was left", () => {
  // The payer's money for the first checkout was under way when it was renewed; its verification an hour later got no
  // answer.
  const expired = aSettled("expire", aRenewed(), aContext(timeout + 2 * HOUR_MS));
  const finalising = timeout + 3 * HOUR_MS;
  expect(due(expired, "not_found", finalising, 1)).toBeUndefined();
  expect(due(expired, "pending", finalising - 1)).toBeUndefined();

  const firstFound = noteVerification(expired, 0, { kind: "unpaid", reason: "pending" }, aContext(finalising));
  expect(due(firstFound, "not_found", finalising, 1)).toBe("finalise");
});

test("a payment is finalised at its time, however it was settled unpaid", () => {
  for (const move of UNPAID_TRANSITIONS) {
    const settled = aSettled(move);
    expect(due(settled, "pending", timeout - 1)).toBeUndefined();
    expect(due(settled, "pending", timeout)).toBe("finalise");
  }
});

test("a payment with money has no transition due by time", () => {
  for (const payment of [aConfirmed(), aReviewed()]) {
    expect(due(payment, "pending", timeout + 99 * DAY_MS)).toBeUndefined();
  }
});

test("a test checkout whose URL was never stored is not left again and again on a live stage, and expires", () => {
  const live = { ...aContext(T0 + 8 * DAY_MS), policy: { ...POLICY, expectedMode: "live" as const } };
  const claimed = { ...aClaim(), lease: undefined };
  expect(refusalOf("modeChanged", claimed, { ...live, attempt: 0 })).toBe("no modeChanged out of CREATED");
  const ended = { attempt: 0, found: "pending", cancel: "ended" } as const;
  expect(isAllowed("expire", claimed, { ...live, ...ended })).toBe(true);
  expect(isAllowed("expire", claimed, { ...live, policy: POLICY, ...ended })).toBe(false);
});

test("a payment is reopened only by a request that was recorded after it was settled", () => {
  const settled = aSettled("cancel");
  const at = settled.settledAt ?? Number.NaN;
  const asked = { ...aContext(at + DAY_MS), holder: "me", key: TERMS.key };
  const refusals = [undefined, at - 1, at, at + 1].map((recordedAt) =>
    refusalOf("reopen", settled, { ...asked, ...(recordedAt === undefined ? {} : { recordedAt }) }),
  );
  const refused = "no reopen: requestIsNewer does not hold";
  expect(refusals).toEqual([refused, refused, refused, undefined]);
  expect(refusalOf("reopen", { ...settled, settledAt: undefined }, { ...asked, recordedAt: at + 1 })).toBe(refused);
});

test("money is unmatched only on an attempt that the payment has not begun", () => {
  const opened = anOpened();
  const refusals = [0, 1].map((attempt) =>
    refusalOf("unmatched", opened, { ...aContext(T0 + 1), attempt, result: moneyOn(opened, attempt) }),
  );
  expect(refusals).toEqual(["no unmatched: attemptIsUnknown does not hold", undefined]);
});

test("an opener whose URL is stored already stores no other", () => {
  const claimed = { ...aClaim(), lease: aLease() };
  const opener = { ...aContext(T0 + 1), holder: aLease().holder };
  expect(refusalOf("open", claimed, opener)).toBeUndefined();
  expect(refusalOf("open", { ...claimed, checkoutUrl: CHECKOUT_URL }, opener)).toBe(
    "no open: noCheckoutUrl does not hold",
  );
});

test("only a success of verify captures again what was reversed", () => {
  const confirmed = aConfirmed();
  const back = { refunded: Santim.parse(0), reversed: TERMS.amount };
  const reversed = { ...confirmed, captures: confirmed.captures.map((capture) => ({ ...capture, back })) };
  const again = (["paid", "refunded", "reversed"] as const).map((kind) =>
    isAllowed("capturedAgain", reversed, { ...aContext(T0 + 1), attempt: 0, result: moneyOn(confirmed, 0, { kind }) }),
  );
  expect(again).toEqual([true, false, false]);
});

// Guards by themselves, where no short history shows each of their cases.

const { renew: RENEW, fail: FAIL, leaveTest: LEAVE, follow: FOLLOW, release: RELEASE, confirm: CONFIRM } = TRANSITIONS;
const { acceptReview: ACCEPT, rejectReview: REJECT, capturedAgain: AGAIN, refundRequested: REQUEST } = TRANSITIONS;
const LIVE = { ...LATER, policy: { ...POLICY, expectedMode: "live" as const } };
const EARLY = aContext(T0 + MINUTE_MS);
const closing = (change: Partial<ClosingEvidence>, context = EARLY) => ({ ...context, ...CLOSING, ...change });

test("the latest reference is used again only with its own key, if nothing was sent or Chapa does not know it", () => {
  const unsent = { ...aClaim(), lease: { ...aLease(), unsent: true as const } };
  expect(isTriedAgain(unsent, { key: TERMS.key })).toBe(true);
  expect(isTriedAgain(aClaim(), { key: TERMS.key, isUnknown: true })).toBe(true);
  expect(isTriedAgain(aClaim(), { key: TERMS.key })).toBe(false);
  expect(isTriedAgain(unsent, { key: KeyId.parse("00000001") })).toBe(false);
});

test("evidence lets a lapsed attempt be left from the end of its lapse on, and an ended one if its end is recorded", () => {
  const { evidenceHolds } = RENEW.guards;
  const read = withAttempts({ unpaidReadAt: T0 + HOUR_MS });
  const lapse = (now: number) => evidenceHolds(read, closing({ cancel: "lapse" }, aContext(now)));
  expect([LATER.now - 1, LATER.now].map(lapse)).toEqual([false, true]);
  expect(evidenceHolds(read, closing({ cancel: "closed" }))).toBe(true);
  expect(evidenceHolds(read, closing({ cancel: "ended" }, LIVE))).toBe(false);
  expect(evidenceHolds(withAttempts({ closedAt: T0 }), closing({ cancel: "ended" }))).toBe(true);
  expect(evidenceHolds(aClaim(), closing({ cancel: "ended" }, LIVE))).toBe(true);
  expect(evidenceHolds(aClaim(), closing({ cancel: "ended" }))).toBe(false);
});

test("a checkout is renewed inside its window only if its try failed or its end is recorded", () => {
  const { windowOverOrTryFailed } = RENEW.guards;
  expect(windowOverOrTryFailed(anOpened(), closing({ found: "pending" }))).toBe(false);
  expect(windowOverOrTryFailed(anOpened(), closing({ found: "failed" }))).toBe(true);
  expect(windowOverOrTryFailed(anOpened(), closing({ found: "pending", cancel: "ended" }))).toBe(true);
  expect(windowOverOrTryFailed(anOpened(), closing({ found: "pending" }, LATER))).toBe(true);
});

test("Chapa's word of money on an earlier checkout keeps a payment open, and on the latest where nobody asks now", () => {
  const holds = (payment: Payment) =>
    (["closed", "ended"] as const).map((cancel) => FAIL.guards.noWordOfMoney(payment, closing({ cancel })));
  expect(holds(withAttempts({ webhookAt: T0 }, {}))).toEqual([false, false]);
  expect(holds(withAttempts({}, { webhookAt: T0 }))).toEqual([true, false]);
  expect(holds(withAttempts({}, {}))).toEqual([true, true]);
});

const played: Payment = {
  ...withAttempts({ end: "paid" }),
  state: "REVIEW",
  captures: [aCapture({ kind: "reviewed" })],
};
const real = aCapture({ mode: "live", reference: "AP7" });
test.each<[string, Payment, TransitionContext, boolean]>([
  ["test money alone", played, LIVE, true],
  ["test money on a stage that takes it", played, LATER, false],
  ["test money that is settled", { ...played, state: "SUCCESS" }, LIVE, false],
  ["real money beside it", { ...played, captures: [...played.captures, real] }, LIVE, false],
  [
    "a real link beside it",
    { ...played, attempts: { ...played.attempts, 1: anAttempt({ mode: "live" }) } },
    LIVE,
    false,
  ],
  [
    "a real link that was closed",
    { ...played, attempts: { ...played.attempts, 1: anAttempt({ mode: "live", closedAt: T0 }) } },
    LIVE,
    true,
  ],
  ["a test link beside it", { ...played, attempts: { ...played.attempts, 1: anAttempt() } }, LIVE, true],
])(
  "a payment under review is left for its test money only where nobody can lose real money: %s",
  (_, payment, context, isOnly) => {
    expect(LEAVE.guards.onlyTestMoney(payment, { ...context, holder: "me", key: TERMS.key })).toBe(isOnly);
  },
);

test("test money on a payment that was left as a test, or that goes on with real money, is not recorded any more", () => {
  const { notLeftAsTest } = CONFIRM.guards;
  const holds = (payment: Payment, mode: string) =>
    notLeftAsTest(payment, { ...LATER, attempt: 0, result: moneyOn(payment, 0, { mode }) });
  const goesOn = { ...anOpened(), terms: { ...TERMS, mode: "live" as const } };
  expect(["test", "live"].map((mode) => holds(goesOn, mode))).toEqual([false, true]);
  expect(["test", "live"].map((mode) => holds(withAttempts({ end: "mode_changed" }), mode))).toEqual([false, true]);
  expect(holds(anOpened(), "test")).toBe(true);
});

test("a payment is used up when it is unpaid, or has only test money, and has no attempt left", () => {
  const worn = (payment: Payment) => ({ ...payment, attempt: 1023 });
  expect([aSettled(), aConfirmed(), aReviewed()].map((payment) => isUsedUp(worn(payment), LATER))).toEqual([
    true,
    false,
    false,
  ]);
  expect(isUsedUp(worn(played), LIVE)).toBe(true);
  expect([aSettled(), played].map((payment) => isUsedUp(payment, LIVE))).toEqual([false, false]);
});

test("a payment is left only with evidence for each of its open attempts", () => {
  const asked = { ...LATER, holder: "me", recordedAt: T0, payableAgain: false };
  const holds = (payment: Payment, ...closings: ClosingEvidence[]) =>
    FOLLOW.guards.everyAttemptEnds(payment, { ...asked, closings });
  const both = withAttempts({}, {});
  expect(holds(both, CLOSING)).toBe(false);
  expect(holds(both, CLOSING, { ...CLOSING, attempt: 1 })).toBe(true);
  expect(holds(withAttempts({}, { closedAt: T0 }), CLOSING)).toBe(true);
  expect(holds(withAttempts({}), { ...CLOSING, cancel: "ended" })).toBe(false);
});

test("a person lets a payment go on only while an attempt of it is held", () => {
  const holds = (payment: Payment) => RELEASE.guards.someAttemptHeld(payment, { ...LATER, reason: "x" });
  const free = { ...withAttempts({ closedAt: T0 }), checkoutUrl: undefined };
  const inStates = (payment: Payment) =>
    (["CREATED", "PENDING", "SUCCESS", "REVIEW"] as const).map((state) => holds({ ...payment, state }));
  expect(inStates(free)).toEqual([true, true, false, false]);
  expect(inStates(withAttempts({}, {}))).toEqual([true, true, true, true]);
});

const reviewing: Payment = { ...played, captures: [aCapture({ kind: "reviewed", amount: Santim.parse(7) })] };
const returned = {
  ...reviewing,
  captures: reviewing.captures.map((one) => ({
    ...one,
    back: { refunded: Santim.parse(0), reversed: Santim.parse(7) },
  })),
};
test.each<[string, Payment, Partial<PaidFacts>, boolean]>([
  ["as it is known", returned, {}, true],
  ["of another amount", returned, { amount: Santim.parse(8) }, false],
  ["as it was agreed", returned, { amount: TERMS.amount }, false],
  ["as it was agreed, where the fee goes on", { ...returned, next: aRef() }, { amount: TERMS.amount }, true],
  ["as it was agreed, where a person has decided", { ...returned, state: "FAILED" }, { amount: TERMS.amount }, true],
  ["as it is known, and had not gone", reviewing, {}, false],
])(
  "money under review that comes back from the bank is no more than captured again: %s",
  (_, payment, facts, isOnly) => {
    const result = moneyOn(payment, 0, { amount: Santim.parse(7), ...facts });
    expect(AGAIN.guards.onlyCapturedAgain(payment, { ...LATER, attempt: 0, result })).toBe(isOnly);
  },
);

test("a capture that agrees with known money but not with the terms is captured again only as it is known", () => {
  const dearer = { ...returned, captures: returned.captures.map((one) => ({ ...one, amount: TERMS.amount })) };
  const holds = (amount: Santim) =>
    AGAIN.guards.onlyCapturedAgain(dearer, { ...LATER, attempt: 0, result: moneyOn(dearer, 0, { amount }) });
  expect(holds(TERMS.amount)).toBe(false);
});

test("a capture is recorded while there is room, whatever was raised before", () => {
  const { captureNotRecorded } = TRANSITIONS.duplicate.guards;
  const raised = { ...anOpened(), attention: [{ code: "too_many_captures", subject: "AP0", at: T0 }] as const };
  expect(captureNotRecorded(raised, { ...LATER, attempt: 0, result: moneyOn(raised) })).toBe(true);
});

test("reviewed money is accepted only if each capture of it is good, whatever other money there is", () => {
  const good = aCapture({ kind: "reviewed" });
  const bad = aCapture({ kind: "reviewed", currency: "USD", reference: "AP7" });
  const holds = (...captures: Capture[]) =>
    ACCEPT.guards.moneyConfirmed({ ...played, captures }, { ...LATER, reason: "x", confirmed: [0] });
  expect(holds(good, { ...bad, kind: "duplicate" })).toBe(true);
  expect(holds(good, bad)).toBe(false);
  expect(holds({ ...good, kind: "duplicate" })).toBe(false);
});

const first = aCapture({ kind: "reviewed" });
const second = aCapture({ kind: "reviewed", attempt: 1 });
const back = (id: string, capture: string, amount: number = TERMS.amount) => ({
  id,
  capture,
  amount: Santim.parse(amount),
  reason: "x",
});
const deciding = (refunds: RefundRequest[], kept: KeptCapture[] = []) => ({
  ...LATER,
  reason: "x",
  closings: [],
  kept,
  refunds,
});

test.each<[string, Capture[], RefundRequest[], boolean]>([
  ["both are sent back", [first, second], [back("r-1", "AP0"), back("r-2", "AP1")], true],
  ["only one is", [first, second], [back("r-1", "AP0")], false],
  ["one is sent back in part", [first], [back("r-1", "AP0", 1)], false],
  ["another one is sent back", [first], [back("r-1", "AP1")], false],
  ["the other one is a duplicate", [first, { ...second, kind: "duplicate" }], [back("r-1", "AP0")], true],
])("a person decides on every reviewed capture of which something is left: %s", (_, captures, refunds, isDecided) => {
  expect(REJECT.guards.everyCaptureDecided({ ...played, captures }, deciding(refunds))).toBe(isDecided);
});

test("the refunds of a decision have ids and captures of their own, and there is room for them", () => {
  const known = (count: number) =>
    Array.from({ length: count }, (_, number) => ({
      ...back(`k-${number}`, "OTHER", 1),
      state: "REFUSED" as const,
      by: "x",
      at: T0,
    }));
  const fits = (refunds: RefundRequest[], earlier = 0) =>
    REJECT.guards.refundsFit({ ...played, captures: [first, second], refunds: known(earlier) }, deciding(refunds));
  const both = [back("r-1", "AP0"), back("r-2", "AP1")];
  expect([fits(both), fits(both, 30), fits(both, 31)]).toEqual([true, true, false]);
  expect(fits([back("r-1", "AP0"), back("r-1", "AP1")])).toBe(false);
  expect(fits([back("r-1", "AP0", 1), back("r-2", "AP0", 1)])).toBe(false);
  expect(fits([back("k-0", "AP0")], 1)).toBe(false);
  expect(fits([back("r-1", "OTHER")])).toBe(false);
});

test("a refund is of a capture that is there with a readable amount, and its steps are of its own id", () => {
  const holds = (capture: string, change: Partial<Capture> = {}) =>
    REQUEST.guards.leftCovers(
      { ...played, captures: [{ ...first, ...change }] },
      { ...LATER, ...back("r-1", capture, 1) },
    );
  expect([holds("AP0"), holds("OTHER"), holds("AP0", { amount: undefined })]).toEqual([true, false, false]);
  const sent = { ...played, refunds: [{ ...back("r-1", "AP0"), state: "SENT" as const, by: "x", at: T0 }] };
  const isSent = (id: string) => TRANSITIONS.refundSettled.guards.refundIsSent(sent, { ...LATER, id });
  expect(["r-1", "r-2"].map(isSent)).toEqual([true, false]);
});
