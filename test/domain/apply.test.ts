import { expect, test } from "vitest";
import {
  answer,
  end,
  finalise,
  flag,
  follow,
  leaveTest,
  modeChanged,
  notifyAgain,
  open,
  reject,
  release,
  renew,
  reopen,
  settleUnpaid,
  takeOver,
} from "../../lib/domain/apply.ts";
import { adoptUnmatched } from "../../lib/domain/apply-money.ts";
import { captureSubject, entryIdOf, flagged, openEntries } from "../../lib/domain/attention.ts";
import { acceptReview, rejectReview, reviewedCaptures } from "../../lib/domain/decisions.ts";
import { txRefOf } from "../../lib/domain/ids.ts";
import { Santim } from "../../lib/domain/money.ts";
import { deliveryEnded, noteVerification } from "../../lib/domain/notes.ts";
import { isEmptied, openFlags, type Payment, refundableOf, shownTxRef } from "../../lib/domain/payment.ts";
import { refuseRefund, requestRefund, sendRefund, settleRefund, undoRefund } from "../../lib/domain/refunds.ts";
import { DAY_MS, HOUR_MS } from "../../lib/domain/time.ts";
import { type Row, TRANSITIONS, type TransitionContext, transitionForMoney } from "../../lib/domain/transitions.ts";
import { type RefundState, STATES, type State, type TransitionName } from "../../lib/domain/vocabulary.ts";
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
  CLOSED_LISTING,
  CLOSING,
  captured,
  differing,
  LATER,
  moneyOn,
  T0,
  TERMS,
  timedOut,
  withAttempts,
} from "../support/payments.ts";

const muchLater = aContext(T0 + 8 * DAY_MS, "later");

/** A payment in each state, made by legal transitions. */
const IN_STATE: Record<State, () => Payment> = {
  CREATED: aClaim,
  PENDING: anOpened,
  SUCCESS: aConfirmed,
  REVIEW: aReviewed,
  FAILED: () => aSettled("fail"),
  EXPIRED: () => aSettled("expire"),
  CANCELLED: () => aSettled("cancel"),
};

const start = { terms: TERMS, lease: aLease("taker") };

const onLiveStage = (context: TransitionContext): TransitionContext => ({
  ...context,
  policy: { ...context.policy, expectedMode: "live" },
});

/** The payment with one more checkout, which is not the live one. */
const withSecondLink = (payment: Payment): Payment => ({
  ...payment,
  attempts: { ...payment.attempts, 1: anAttempt() },
});

/** Every transition of a stored payment, each with what its guards ask for. */
const MAKERS: Record<Exclude<TransitionName, "claim">, (payment: Payment) => Payment> = {
  takeOver: (payment) => takeOver({ ...payment, lease: undefined }, start, LATER),
  open: (payment) => open({ ...payment, lease: aLease(), checkoutUrl: undefined }, "me", CHECKOUT_URL, LATER),
  reject: (payment) => reject({ ...payment, lease: aLease() }, "me", "no", LATER),
  renew: (payment) => renew(payment, CLOSING, start, LATER),
  fail: (payment) => settleUnpaid(payment, "fail", CLOSING, LATER),
  expire: (payment) => settleUnpaid(payment, "expire", CLOSING, timedOut(LATER)),
  cancel: (payment) => settleUnpaid(payment, "cancel", CLOSING, LATER),
  reopen: (payment) => reopen(payment, LATER.now + 1, start, LATER),
  modeChanged: (payment) => modeChanged({ ...payment, captures: [] }, 0, onLiveStage(LATER)),
  leaveTest: (payment) => leaveTest(payment, start, onLiveStage(LATER)),
  follow: (payment) => {
    const asked = { holder: "me", recordedAt: LATER.now + 1, payableAgain: true, closings: [CLOSING] };
    return follow({ ...payment, spentAt: T0, lease: undefined }, aRef(), asked, LATER);
  },
  release: (payment) => {
    const stuck = flagged(payment, { code: "stuck", subject: "attempt-1" }, LATER);
    return release({ ...withSecondLink(payment), attention: stuck }, "a person's word", LATER);
  },
  end: (payment) => end(withSecondLink(payment), { ...CLOSING, attempt: 1 }, LATER),
  confirm: (payment) => aConfirmed(payment),
  review: (payment) => captured(payment, "review", differing(moneyOn(payment), 2)),
  duplicate: (payment) =>
    captured({ ...payment, next: aRef() }, "duplicate", moneyOn(payment, 0, { reference: "another" })),
  unmatched: (payment) => captured(payment, "unmatched", moneyOn(payment, 5), 5),
  acceptReview: (payment) =>
    acceptReview(withOddCapture(payment), { reason: "a person's word", confirmed: [0] }, LATER),
  rejectReview: (payment) => {
    const odd = withOddCapture(payment);
    const kept = reviewedCaptures(odd).map((one) => ({ capture: captureSubject(one), reason: "by agreement" }));
    return rejectReview(odd, { reason: "a person's word", closings: [CLOSING], kept, refunds: [] }, LATER);
  },
  wentBack: (payment) => captured(withOddCapture(payment), "wentBack", { ...ODD, kind: "reversed" }),
  capturedAgain: (payment) => captured(withOddCapture(payment, TERMS.amount), "capturedAgain", ODD),
  flag: (payment) => flag(payment, CLOSED_LISTING, LATER),
  answer: (payment) => {
    const { attention } = flag(payment, CLOSED_LISTING, LATER);
    return answer({ ...payment, attention }, { entry: "listing_closed-delivery", reason: "refunded" }, LATER);
  },
  finalise: (payment) => finalise(payment, 0, muchLater),
  refundRequested: (payment) => requestRefund(withOddCapture(payment), REFUND, LATER),
  refundSent: (payment) => sendRefund(withOddRefund(payment, "REQUESTED"), REFUND.id, "me", LATER),
  refundSettled: (payment) => settleRefund(withOddRefund(payment, "SENT"), REFUND.id, LATER),
  refundRefused: (payment) => refuseRefund(withOddRefund(payment, "SENT"), REFUND.id, "no balance", LATER),
  refundUndone: (payment) => undoRefund(withOddRefund(payment, "SETTLED"), REFUND.id, LATER),
  notifyAgain: (payment) => notifyAgain(payment, { target: "payer", reason: "it was lost" }, LATER),
};

const REFUND = { id: "r-1", capture: "ODD", amount: Santim.parse(1), reason: "a person's word" };

function withOddRefund(payment: Payment, state: RefundState): Payment {
  return { ...withOddCapture(payment), refunds: [{ ...REFUND, state, by: "test", at: T0 }] };
}

/** Money that no checkout agreed to. Its capture can be recorded in any state. */
const ODD = differing(moneyOn(anOpened(), 0, { reference: "ODD" }));

function withOddCapture(payment: Payment, reversed?: Santim): Payment {
  const { amount, currency, mode, reference } = ODD.facts;
  const back = reversed && { refunded: Santim.parse(0), reversed };
  const odd = { attempt: 0, at: T0, kind: "reviewed", amount, currency, mode, reference, back } as const;
  return { ...payment, captures: [...payment.captures, odd] };
}

test("two reports of the highest amount that can be read are both recorded", () => {
  const highest = Santim.parse(999_999_999_999);
  const first = captured(anOpened(), "review", moneyOn(anOpened(), 0, { amount: highest, reference: "AP-0" }));
  const second = captured(first, "review", moneyOn(first, 1, { amount: highest, reference: "AP-1" }));
  expect(second.captures.map(({ amount }) => amount)).toEqual([highest, highest]);
  expect(refundableOf(second)).toBe(2 * highest);
});

const fromOf = (name: TransitionName): Row["from"] => TRANSITIONS[name].from;

const cases = Object.entries(MAKERS).flatMap(([name, make]) =>
  STATES.map((state) => ({ name: name as TransitionName, state, make })),
);

test.each(cases)("the transition $name out of $state succeeds exactly if the table has it", ({ name, state, make }) => {
  const before = IN_STATE[state]();
  if (!fromOf(name).includes(state)) {
    expect(() => make(before)).toThrow(`no ${name} out of ${state}`);
    return;
  }
  const after = make(before);
  const { to } = TRANSITIONS[name];
  expect(after.state).toBe(to === "same" ? state : to);
  expect(after.version).toBe(before.version + 1);
  expect(after.history).toHaveLength(before.history.length + 1);
  expect(after.history.at(-1)).toMatchObject({ transition: name, at: after.updatedAt, by: "later" });
  expect(after.history.slice(0, -1)).toEqual(before.history);
});

test("a live lease of another caller is never taken over", () => {
  const held = aClaim();
  expect(() => takeOver(held, { terms: TERMS, lease: aLease("other") }, aContext(T0))).toThrow(
    "no takeOver: leaseOverOrMine does not hold",
  );
  expect(takeOver(held, { terms: TERMS, lease: aLease("me") }, aContext(T0)).attempt).toBe(1);
});

test("an attempt of which nothing was sent is taken over under the same reference", () => {
  const unsent = { ...aClaim(), lease: { ...aLease("gone", T0), unsent: true as const } };
  expect(takeOver(unsent, { terms: TERMS, lease: aLease("other") }, LATER).attempt).toBe(0);
});

test("only the holder of the lease opens or rejects", () => {
  expect(() => open(aClaim(), "other", CHECKOUT_URL, LATER)).toThrow("leaseIsMine does not hold");
  expect(() => reject(aClaim(), "other", "no", LATER)).toThrow("leaseIsMine does not hold");
});

test("no attempt follows the last one", () => {
  const worn = { ...anOpened(), attempt: 1023, attempts: { 1023: { ...TERMS, openedAt: T0 } } };
  expect(() => renew(worn, { ...CLOSING, attempt: 1023 }, start, LATER)).toThrow("attemptsLeft does not hold");
  const full = Object.fromEntries(Array.from({ length: 64 }, (_, n) => [n, { ...TERMS, openedAt: T0 }]));
  const settled = { ...IN_STATE.EXPIRED(), attempts: full };
  expect(() => reopen(settled, LATER.now + 1, start, LATER)).toThrow("attemptsLeft does not hold");
});

test("closing evidence of one checkout never closes another", () => {
  expect(() => settleUnpaid(aRenewed(), "expire", CLOSING, timedOut(LATER))).toThrow(
    "closesLatestAttempt does not hold",
  );
});

test("a finalised payment never reopens", () => {
  const finalised = finalise(IN_STATE.EXPIRED(), 0, aContext(T0 + 8 * DAY_MS));
  expect(() => reopen(finalised, LATER.now + 1, { terms: TERMS, lease: aLease() }, LATER)).toThrow(
    "notFinalised does not hold",
  );
});

test.each(["FAILED", "EXPIRED", "CANCELLED"] as const)("a success beats %s and is marked late", (state) => {
  expect(aConfirmed(IN_STATE[state]())).toMatchObject({ state: "SUCCESS", late: true, checkoutUrl: undefined });
});

test("a success before the checkout was stored is a success all the same", () => {
  const paid = aConfirmed(aClaim());
  expect(paid).toMatchObject({ state: "SUCCESS", attempts: { 0: { end: "paid" } }, lease: undefined });
  expect(paid.late).toBeUndefined();
});

test("a success on an earlier checkout confirms, and shows the checkout that took the money", () => {
  const paid = aConfirmed(aRenewed());
  expect(paid.state).toBe("SUCCESS");
  expect(shownTxRef(paid)).toBe(txRefOf(paid, 0));
});

test("a second capture on one payment is kept, counted as refundable, and raises `duplicate`", () => {
  const once = aConfirmed(aRenewed(), 1);
  const twice = captured(once, "duplicate", moneyOn(once));
  expect(twice.captures.map(({ attempt, kind }) => [attempt, kind])).toEqual([
    [1, "confirmed"],
    [0, "duplicate"],
  ]);
  expect(refundableOf(twice)).toBe(2 * TERMS.amount);
  expect(openFlags(twice)).toEqual(["duplicate"]);
});

test("each capture beyond the one that pays the fee is an attention of its own, also after an earlier answer", () => {
  const once = aConfirmed(aRenewed(aRenewed(), aContext(T0 + 5 * HOUR_MS)));
  const further = [
    [1, "AP1"],
    [2, "AP2"],
    [0, "AP0-2"],
  ] as const;
  let payment = once;
  for (const [attempt, reference] of further)
    payment = captured(payment, "duplicate", moneyOn(once, attempt, { reference }), attempt);
  expect(openEntries(payment).map(entryIdOf)).toEqual(["duplicate-AP1", "duplicate-AP2", "duplicate-AP0-2"]);

  const refunded = answer(payment, { entry: "duplicate-AP1", reason: "refunded" }, LATER);
  const again = captured(refunded, "duplicate", moneyOn(once, 2, { reference: "AP2-2" }), 2);
  expect(openEntries(again).map(entryIdOf)).toEqual(["duplicate-AP2", "duplicate-AP0-2", "duplicate-AP2-2"]);
});

test("sixty-four captures are stored, the next one raises `too_many_captures`, and nothing grows after it", () => {
  let full = aConfirmed();
  for (let n = 1; n < 64; n++) full = captured(full, "duplicate", moneyOn(full, 0, { reference: `AP-${n}` }));
  expect(full.captures).toHaveLength(64);
  const more = captured(full, "duplicate", moneyOn(full, 0, { reference: "AP-64" }));
  expect(more).toMatchObject({ captures: full.captures, attempts: full.attempts });
  expect(more.attention.at(-1)).toMatchObject({ code: "too_many_captures", subject: "AP-64" });
  for (const kind of ["paid", "reversed"] as const) {
    const next = moneyOn(full, 0, { kind, reference: "AP-65" });
    expect(transitionForMoney(more, { attempt: 0, result: next }, LATER)).toBeUndefined();
  }
  const known = moneyOn(full, 0, { kind: "reversed", reference: "AP-63" });
  expect(transitionForMoney(more, { attempt: 0, result: known }, LATER)).toBe("wentBack");
  expect(captured({ ...full, verifiedAt: T0 }, "duplicate", moneyOn(full, 0, { reference: "AP-64" })).verifiedAt).toBe(
    LATER.now,
  );
  const gone = captured(more, "wentBack", known);
  expect(gone.captures.at(-1)).toMatchObject({ reference: "AP-63", back: { reversed: TERMS.amount } });
  expect(gone.attention.at(-1)).toMatchObject({ code: "reversed", subject: "AP-63" });
});

test("the money that was agreed is confirmed beside any number of captures under review", () => {
  let review = aReviewed();
  for (let n = 1; n < 65; n++)
    review = captured(review, "review", differing(moneyOn(review, 0, { reference: `AP-${n}` })));
  expect(openFlags(review).slice(-2)).toEqual(["mismatch", "too_many_captures"]);
  const money = { attempt: 0, result: differing(moneyOn(review, 0, { reference: "AP-65" })) };
  expect(transitionForMoney(review, money, LATER)).toBeUndefined();
  const paid = captured(review, "confirm", moneyOn(review, 0, { reference: "AP-66" }));
  expect(paid.captures.at(-1)).toMatchObject({ kind: "confirmed", reference: "AP-66" });
});

test("a reviewed capture stays a matter for a person after another checkout was paid", () => {
  const paid = aConfirmed(aReviewed(aRenewed()), 1);
  expect(paid.state).toBe("SUCCESS");
  expect(openFlags(paid)).toEqual(["mismatch"]);
  expect(refundableOf(paid)).toBe(TERMS.amount + 1);
});

test("money on a reference without a row is recorded, and no later verification makes it a success by itself", () => {
  const unmatched = adoptUnmatched(aClaim(), { attempt: 3, result: moneyOn(anOpened(), 3) }, TERMS, LATER);
  expect(unmatched).toMatchObject({ state: "REVIEW", version: 1, attempt: 3, captures: [{ attempt: 3 }] });
  expect(unmatched.attempts[3]?.amount).toBe(0);
  expect(openFlags(unmatched)).toEqual(["unmatched"]);
});

test("money that went back is no longer refundable, and a fee whose money is all gone may be paid again", () => {
  const paid = aConfirmed();
  const reversed = captured(paid, "wentBack", moneyOn(paid, 0, { kind: "reversed" }));
  expect(reversed).toMatchObject({ state: "SUCCESS", captures: [{ back: { refunded: 0, reversed: TERMS.amount } }] });
  expect(refundableOf(reversed)).toBe(0);
  expect(isEmptied(paid, "test")).toBe(false);
  expect(isEmptied(reversed, "test")).toBe(true);
});

test("a capture that the bank took and returned is here again, and its fee is not spent", () => {
  const paid = aConfirmed();
  const reversed = captured(paid, "wentBack", moneyOn(paid, 0, { kind: "reversed" }));
  const again = captured(reversed, "capturedAgain", moneyOn(paid));
  expect(again.captures).toEqual(paid.captures);
  expect(isEmptied(again, "test")).toBe(false);
  expect(openFlags(again)).toEqual(["reversed"]);
});

test("a capture that a person has decided on and that comes back from the bank calls a person, and reviews nothing", () => {
  const rejected = { ...aReviewed(), state: "FAILED" } as const;
  const money = differing(moneyOn(rejected));
  const reversed = captured(rejected, "wentBack", { ...money, kind: "reversed" });
  const again = captured(reversed, "capturedAgain", money);
  expect(again.state).toBe("FAILED");
  expect(openFlags(again)).toEqual(["mismatch", "reversed", "duplicate"]);
  const twice = captured(captured(again, "wentBack", { ...money, kind: "reversed" }), "capturedAgain", money);
  expect(twice.attention.slice(3)).toMatchObject([
    { code: "reversed", subject: "AP0.2" },
    { code: "duplicate", subject: "AP0.2" },
  ]);
});

// Found by the simulation: somebody had answered that the bank took the money, and nobody saw that it came back.
test.each(["SUCCESS", "CREATED"] as const)(
  "a capture that pays no fee and that the bank returns calls a person, also beside a payment that is %s",
  (state) => {
    const reviewed = aReviewed();
    const money = differing(moneyOn(reviewed));
    const reversed = captured({ ...reviewed, state }, "wentBack", { ...money, kind: "reversed" });
    const again = captured(reversed, "capturedAgain", money);
    expect(openFlags(again)).toEqual(["mismatch", "reversed", "duplicate"]);
  },
);

// Found by the model: a person had answered for the money without a decision, and then for the bank that took it.
test("money under review that a person has answered for calls a person again when the bank returns it", () => {
  const reviewed = aReviewed();
  const money = differing(moneyOn(reviewed));
  const answered = answer(reviewed, { entry: "mismatch-AP0", reason: "seen" }, LATER);
  const reversed = captured(answered, "wentBack", { ...money, kind: "reversed" });
  expect(openFlags(captured(reversed, "capturedAgain", money))).toEqual(["reversed", "duplicate"]);
});

test("captures in another currency are kept and never counted as refundable", () => {
  const usd = captured(anOpened(), "review", {
    kind: "paid",
    facts: { amount: Santim.parse(50_000), currency: "USD" },
  });
  expect(refundableOf(usd)).toBe(0);
  expect(usd.captures).toHaveLength(1);
  expect(isEmptied(usd, "test")).toBe(false);
});

test("a confirmed checkout is verified once more after 60 days, the others until their last verification", () => {
  const paid = aConfirmed(aRenewed());
  expect(paid.attempts[0]?.verifyAt).toBe(LATER.now + 60 * DAY_MS);
  expect(paid.attempts[1]?.verifyAt).toBeDefined();
  const closedLink = end(paid, { ...CLOSING, attempt: 1 }, LATER);
  expect(closedLink.attempts[1]).toMatchObject({ end: "superseded", verifyAt: LATER.now + HOUR_MS });
  const acknowledged = deliveryEnded(closedLink, true, LATER);
  const verifications = [HOUR_MS, DAY_MS, 7 * DAY_MS].map((after) => aContext(LATER.now + after));
  const verified = verifications.reduce(
    (payment, act) => noteVerification(payment, 1, { kind: "unpaid", reason: "pending" }, act),
    acknowledged,
  );
  expect(verified.dueAt).toBe(LATER.now + 60 * DAY_MS);
  const last = noteVerification(verified, 0, undefined, aContext(LATER.now + 60 * DAY_MS));
  expect(last.dueAt).toBeUndefined();
});

test("a checkout beside the paid one that never ended is verified for ever", () => {
  const acknowledged = deliveryEnded(aConfirmed(aRenewed()), true, LATER);
  const late = noteVerification(acknowledged, 1, { kind: "unpaid", reason: "pending" }, aContext(T0 + 100 * DAY_MS));
  expect(late.attempts[1]?.verifyAt).toBeGreaterThan(T0 + 100 * DAY_MS);
});

test("an acknowledged success is due only for its last verification, however often it is verified before", () => {
  const acknowledged = deliveryEnded(aConfirmed(), true, LATER);
  const last = LATER.now + 60 * DAY_MS;
  expect(acknowledged.dueAt).toBe(last);
  expect(noteVerification(acknowledged, 0, undefined, aContext(last - 1)).dueAt).toBe(last);
  expect(captured(acknowledged, "duplicate", moneyOn(acknowledged, 0, { reference: "AP9" })).dueAt).toBe(last);
  expect(captured(acknowledged, "wentBack", moneyOn(acknowledged, 0, { kind: "reversed" })).dueAt).toBe(last);
  expect(noteVerification(acknowledged, 0, undefined, aContext(last)).dueAt).toBeUndefined();
});

test("a caller that takes over begins the next attempt, or the same one again if Chapa does not know it", () => {
  const claimed = { ...aClaim(), lease: undefined, attempt: 4 };
  const numbers = [undefined, true as const].map(
    (isUnknown) => takeOver(claimed, { ...start, isUnknown }, LATER).attempt,
  );
  expect(numbers).toEqual([5, 4]);
});

test("a payment that is reopened begins the attempt after its latest", () => {
  expect(reopen(aSettled("expire", aRenewed()), LATER.now + 1, start, LATER)).toMatchObject({
    attempt: 2,
    terms: TERMS,
  });
});

test("a test checkout that is left takes the link only if it is the latest, and nothing of it waits for anybody", () => {
  const both = { ...withAttempts({ lastRead: "maybe_money", verifyAt: T0 }, {}), checkoutUrl: CHECKOUT_URL };
  const flags = [
    { code: "unknown_status", subject: "attempt-0" },
    { code: "stuck", subject: "attempt-1" },
  ] as const;
  const raised = flags.reduce<Payment>((payment, one) => flag(payment, one, LATER), both);
  const first = modeChanged(raised, 0, onLiveStage(LATER));
  expect(first.checkoutUrl).toBe(CHECKOUT_URL);
  expect(first.attempts).toEqual({ 0: anAttempt({ end: "mode_changed" }), 1: both.attempts[1] });
  expect(openEntries(first).map(entryIdOf)).toEqual(["stuck-attempt-1"]);
  const reason = "a test checkout of a stage that now takes real money";
  expect(first.attention[0]?.answered).toEqual({ at: LATER.now, by: LATER.by, reason });
  expect(modeChanged(both, 1, onLiveStage(LATER)).checkoutUrl).toBeUndefined();
  const taken = flag({ ...both, captures: [aCapture()] }, { code: "mismatch", subject: "AP0" }, LATER);
  expect(openFlags(modeChanged(taken, 1, onLiveStage(LATER)))).toEqual(["mismatch"]);
});

test("a payment that is left for its test money keeps its real checkouts, and what was raised about real money", () => {
  const tested = { ...aReviewed(withAttempts({})), attempt: 1 };
  const live = anAttempt({ mode: "live", closedAt: T0, end: "renewed" });
  const payment = { ...tested, attempts: { ...tested.attempts, 1: live } };
  const left = leaveTest(payment, start, onLiveStage(LATER));
  expect(left.attempts).toEqual({ 0: expect.objectContaining({ end: "mode_changed" }), 1: live });
  expect(openEntries(left)).toEqual([]);
  const real = aCapture({ attempt: 1, mode: "live", kind: "reviewed" });
  const other = flag(
    { ...withAttempts({}, { mode: "live" }), captures: [real] },
    { code: "mismatch", subject: "AP1" },
    LATER,
  );
  expect(openFlags(modeChanged(other, 0, onLiveStage(LATER)))).toEqual(["mismatch"]);
  const paidForReal = {
    ...other,
    captures: [aCapture({ mode: "live", kind: "reviewed" })],
    attempts: { 0: anAttempt() },
    attempt: 0,
  };
  expect(() => modeChanged(paidForReal, 0, onLiveStage(LATER))).toThrow("testOnLiveStage");
});

test("an attempt that ends takes the link only if it is the latest", () => {
  const both = { ...withAttempts({}, {}), checkoutUrl: CHECKOUT_URL };
  expect(end(both, CLOSING, LATER).checkoutUrl).toBe(CHECKOUT_URL);
  const live = end(both, { ...CLOSING, attempt: 1, isBesideDuplicate: true }, LATER);
  expect(live.checkoutUrl).toBeUndefined();
  expect(live.attempts[1]).toMatchObject({ closedAt: LATER.now, end: "superseded" });
});

test("an attempt ends as lapsed where Chapa does not close it, and stays as it is where its end is recorded", () => {
  const opened = withAttempts({ lastRead: "failed", unpaidReadAt: T0 + HOUR_MS });
  const lapsed = settleUnpaid(opened, "expire", { ...CLOSING, cancel: "lapse" }, timedOut(LATER));
  const record = { end: "lapsed", lapsedAt: LATER.now, verifyAt: LATER.now + HOUR_MS } as const;
  expect(lapsed.attempts[0]).toEqual({ ...opened.attempts[0], ...record, lastRead: undefined });
  const ended = settleUnpaid(withAttempts(record), "expire", { ...CLOSING, cancel: "ended" }, timedOut(muchLater));
  expect(ended.attempts).toEqual(withAttempts(record).attempts);
  const again = end(lapsed, { ...CLOSING, cancel: "lapse" }, muchLater);
  expect(again.attempts).toEqual(lapsed.attempts);
});

test("a person's word lets every attempt lapse that has not ended, and releases the lease of one that is being opened", () => {
  const stuck = { code: "stuck", subject: "attempt-0" } as const;
  const held = {
    ...withAttempts({}, { closedAt: T0, end: "cancelled" }, {}),
    attention: flagged(aClaim(), stuck, LATER),
  };
  const released = release({ ...held, lease: aLease() }, "I asked Chapa", LATER);
  const lapsed = { end: "lapsed", lapsedAt: LATER.now, verifyAt: LATER.now + HOUR_MS };
  expect(released.attempts).toMatchObject({ 0: lapsed, 2: lapsed });
  expect(released.attempts[1]).toEqual(held.attempts[1]);
  expect(released).toMatchObject({ checkoutUrl: undefined, lease: undefined });
  expect(released.history.at(-1)).toMatchObject({ transition: "release", evidence: "I asked Chapa" });
  const opening = { ...aClaim(), attention: held.attention };
  expect(release(opening, "go on", LATER).lease).toEqual({ ...opening.lease, released: true });
  expect(release({ ...opening, lease: undefined }, "go on", LATER).lease).toBeUndefined();
});

test("a flag about anything but the delivery leaves a delivery that is under way", () => {
  const sent = { ...aConfirmed(), sentAt: T0 };
  expect(flag(sent, { code: "duplicate", subject: "AP7" }, LATER).sentAt).toBe(T0);
  expect(flag(sent, CLOSED_LISTING, LATER).sentAt).toBeUndefined();
});
