import { expect, test } from "vitest";
import { flag } from "../../lib/domain/apply.ts";
import { entryIdOf, openEntries } from "../../lib/domain/attention.ts";
import { missedDeadlines } from "../../lib/domain/deadlines.ts";
import { outcomeOf } from "../../lib/domain/events.ts";
import { refOf, refundReferenceOf } from "../../lib/domain/ids.ts";
import { Santim } from "../../lib/domain/money.ts";
import {
  type Back,
  type Capture,
  isEmptied,
  leftOf,
  netOf,
  openFlags,
  type Payment,
  type Refund,
  refundableOf,
} from "../../lib/domain/payment.ts";
import {
  attentionAfter,
  differingIn,
  isOtherUnanswered,
  noteRefundChecked,
  refundIn,
  refundsAfter,
  refundsAskedNow,
  refundsDue,
  refuseRefund,
  requestRefund,
  sendRefund,
  settledInVersion,
  settleRefund,
  unclearFlag,
  undoRefund,
} from "../../lib/domain/refunds.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import { refusalOf, transitionForMoney } from "../../lib/domain/transitions.ts";
import { attemptsToVerify } from "../../lib/domain/verification-schedule.ts";
import { fromItem, toItem } from "../../lib/table/payment-item.ts";
import { TX_STAGE } from "../../local/environment.ts";
import {
  aConfirmed,
  aContext,
  aRef,
  aReviewed,
  captured,
  FEE,
  LATER,
  moneyOn,
  NAMESPACE,
  POLICY,
  T0,
} from "../support/payments.ts";

const paid = aConfirmed();
const request = (id: string, amount: number) => ({
  id,
  capture: "AP0",
  amount: Santim.parse(amount),
  reason: "a <b>double</b> booking",
});
const requested = (amount: number, payment = paid, id = "r-1") => requestRefund(payment, request(id, amount), LATER);
const sent = (amount: number, payment = paid, id = "r-1") =>
  sendRefund(requested(amount, payment, id), id, "me", LATER);
const settled = (amount: number, payment = paid, id = "r-1") => settleRefund(sent(amount, payment, id), id, LATER);
const left = (payment: Payment) => payment.captures.map((capture) => leftOf(payment, capture));
const verified = (payment: Payment, kind: "paid" | "refunded" | "reversed") =>
  transitionForMoney(payment, { attempt: 0, result: moneyOn(payment, 0, { kind }) }, LATER);
const after = (payment: Payment, name: "wentBack" | "capturedAgain", kind: "paid" | "refunded" | "reversed") =>
  captured(payment, name, moneyOn(payment, 0, { kind }));

test("what is left of a capture is less from the request on, and is there again once the refund was refused or undone", () => {
  expect(left(requested(20_000))).toEqual([30_000]);
  expect(left(sent(20_000))).toEqual([30_000]);
  expect(left(settled(20_000))).toEqual([30_000]);
  expect(left(refuseRefund(sent(20_000), "r-1", "no balance", LATER))).toEqual([50_000]);
  expect(left(undoRefund(settled(20_000), "r-1", LATER))).toEqual([50_000]);
  expect(refundableOf(settled(20_000))).toBe(30_000);
  expect(netOf(settled(20_000))).toBe(30_000);
});

test("no refund is requested of more than is left, of nothing, under a used id, of money under review, or as the 33rd", () => {
  const refused = (payment: Payment, id: string, amount: number) =>
    refusalOf("refundRequested", payment, { ...LATER, ...request(id, amount) });
  const part = requested(20_000);
  expect(refused(part, "r-2", 30_000)).toBeUndefined();
  expect(refused(part, "r-2", 30_001)).toMatch(/leftCovers/);
  expect(refused(part, "r-2", 0)).toMatch(/leftCovers/);
  expect(refused(part, "r-1", 1)).toMatch(/refundIdUnused/);
  expect(refused(aReviewed(), "r-1", 1)).toBe("no refundRequested out of REVIEW");
  let many = paid;
  for (let number = 0; number < 32; number++) many = requested(1, many, `r-${number}`);
  expect(refused(many, "r-32", 1)).toMatch(/roomForRefund/);
});

test("a refund is sent once, and no step is made from a state that does not lead to it", () => {
  const step = (name: Parameters<typeof refusalOf>[0], payment: Payment) =>
    refusalOf(name as "refundSent", payment, { ...LATER, id: "r-1" });
  expect(step("refundSent", sent(1))).toMatch(/refundIsRequested/);
  expect(step("refundSettled", requested(1))).toMatch(/refundIsSent/);
  expect(step("refundRefused", settled(1))).toMatch(/refundIsSent/);
  expect(step("refundUndone", sent(1))).toMatch(/refundIsSettled/);
});

test("Chapa's word refunded settles a refund of all of a capture, and calls nobody", () => {
  const all = sent(50_000);
  expect(verified(all, "refunded")).toBe("wentBack");
  const back = after(all, "wentBack", "refunded");
  expect(back.refunds).toMatchObject([{ state: "SETTLED", settledAt: LATER.now, checkAt: LATER.now + DAY_MS }]);
  expect(openFlags(back)).toEqual([]);
  expect(left(back)).toEqual([0]);
  expect(outcomeOf(all, back, POLICY).user).toBe("refunded");
});

test("Chapa's word refunded says nothing of a capture of which a part was requested", () => {
  expect(verified(sent(20_000), "refunded")).toBeUndefined();
  expect(verified(refuseRefund(sent(20_000), "r-1", "no", LATER), "refunded")).toBeUndefined();
});

test("what went back without a refund of ours calls a person, also after a refund of ours was refused", () => {
  expect(openFlags(after(paid, "wentBack", "refunded"))).toEqual(["refunded_outside"]);
  const refused = refuseRefund(sent(50_000), "r-1", "no", LATER);
  expect(openFlags(after(refused, "wentBack", "refunded"))).toEqual(["refund_refused", "refunded_outside"]);
});

test("the bank's reversal leaves nothing, settles open refunds, and opens them again when the money is back", () => {
  const open = requested(10_000, sent(20_000), "r-2");
  const reversed = after(open, "wentBack", "reversed");
  expect(left(reversed)).toEqual([0]);
  expect(reversed.refunds?.map(({ state }) => state)).toEqual(["SETTLED", "SETTLED"]);
  expect(outcomeOf(open, reversed, POLICY).user).toBeUndefined();
  const again = after(reversed, "capturedAgain", "paid");
  expect(again.refunds?.map(({ state, checkAt }) => [state, checkAt])).toEqual([
    ["SENT", LATER.now],
    ["REQUESTED", LATER.now],
  ]);
  expect(left(again)).toEqual([20_000]);
});

test("a refund that settled before the bank's reversal stays settled when the money is back", () => {
  const reversed = after(settled(20_000), "wentBack", "reversed");
  expect(reversed.captures[0]?.back).toEqual({ refunded: 0, reversed: 30_000 });
  const again = after(reversed, "capturedAgain", "paid");
  expect(again.refunds).toMatchObject([{ state: "SETTLED" }]);
  expect(left(again)).toEqual([30_000]);
});

test("a refund that came to nothing calls a person in the same write, and is a duplicate where the fee goes on elsewhere", () => {
  const refused = refuseRefund(sent(20_000), "r-1", "the balance is too low", LATER);
  expect(refused.attention.map(entryIdOf)).toEqual(["refund_refused-r-1"]);
  expect(refused.refunds?.[0]?.refusal).toBe("the balance is too low");
  expect(undoRefund(settled(20_000), "r-1", LATER).attention.map(entryIdOf)).toEqual(["refund_undone-r-1"]);
  const gone = { ...settled(50_000), next: aRef() };
  expect(undoRefund(gone, "r-1", LATER).attention.map(entryIdOf)).toEqual(["duplicate-AP0"]);
  const again = { ...gone, attention: [{ code: "duplicate", subject: "AP0", at: T0 }] as const };
  expect(undoRefund(again, "r-1", LATER).attention.map(entryIdOf)).toEqual(["duplicate-AP0", "duplicate-AP0.2"]);
});

test("what was raised about a capture is answered once all of it went back, and no sooner", () => {
  const twice = captured(paid, "duplicate", moneyOn(paid, 0, { reference: "AP1" }));
  const back = (amount: number, payment: Payment, id: string) => {
    const one = requestRefund(payment, { ...request(id, amount), capture: "AP1" }, LATER);
    return settleRefund(sendRefund(one, id, "me", LATER), id, LATER);
  };
  const part = back(20_000, twice, "r-1");
  expect(openFlags(part)).toEqual(["duplicate"]);
  expect(openFlags(back(30_000, part, "r-2"))).toEqual([]);
});

test("a payment is spent only once its refunds have settled", () => {
  expect(isEmptied(sent(50_000), "test")).toBe(false);
  expect(sent(50_000).spentAt).toBeUndefined();
  expect(settled(50_000).spentAt).toBe(LATER.now);
});

const ANSWERED = { kind: "answered" } as const;
const SILENT = { kind: "silent" } as const;

test("a refund is due at once, then asked about after 10 minutes, an hour, six hours, a day and daily, and twice after it settled", () => {
  const open = requested(20_000);
  expect(open.dueAt).toBe(LATER.now);
  expect(refundsDue(open, LATER.now).map(({ id }) => id)).toEqual(["r-1"]);
  expect(attemptsToVerify(open, LATER.now)).toEqual([0]);
  let asked: Payment = { ...sent(20_000), attention: [{ code: "refund_unclear", subject: "r-1", at: LATER.now }] };
  const dates: number[] = [];
  for (let times = 0; times < 5; times++) {
    const at = asked.refunds?.[0]?.checkAt ?? 0;
    dates.push(at - LATER.now);
    asked = noteRefundChecked(asked, "r-1", { ...ANSWERED, chapaRef: "MERC-1" }, aContext(at));
  }
  expect(dates).toEqual([10 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS, 2 * DAY_MS]);
  expect(asked.refunds?.[0]?.chapaRef).toBe("MERC-1");
  const done = settled(20_000);
  expect(done.refunds?.[0]?.checkAt).toBe(LATER.now + DAY_MS);
  const later = noteRefundChecked(done, "r-1", ANSWERED, aContext(LATER.now + DAY_MS));
  expect(later.refunds?.[0]?.checkAt).toBe(LATER.now + 7 * DAY_MS);
  expect(
    noteRefundChecked(later, "r-1", ANSWERED, aContext(LATER.now + 7 * DAY_MS)).refunds?.[0]?.checkAt,
  ).toBeUndefined();
});

test.each([
  ["sent, without a known end,", sent(20_000), "r-1"],
  ["requested and could not be sent", requested(20_000), "r-1.unsent"],
])("a refund that was %s calls a person after a day, once", (_, open, subject) => {
  const [refund] = open.refunds ?? [];
  if (!refund) throw new Error("no refund");
  expect(unclearFlag(open, refund, LATER.now + DAY_MS - 1)).toBeUndefined();
  const raised = { code: "refund_unclear", subject } as const;
  expect(unclearFlag(open, refund, LATER.now + DAY_MS)).toEqual(raised);
  const attention = [{ ...raised, at: LATER.now, answered: { at: LATER.now, by: "a", reason: "seen" } }];
  expect(unclearFlag({ ...open, attention }, refund, LATER.now + DAY_MS)).toBeUndefined();
});

test("a refund that was not sent for a day is a missed deadline, one that was sent is not", () => {
  expect(missedDeadlines(requested(1), LATER.now + DAY_MS, POLICY)).toContain("refund");
  expect(missedDeadlines(sent(1), LATER.now + DAY_MS, POLICY)).not.toContain("refund");
});

test("a refund that cannot be sent is tried again after as long as it has waited, from a minute to an hour", () => {
  let open = requested(20_000);
  const waits: number[] = [];
  for (let times = 0, now = LATER.now; times < 9; times++) {
    open = noteRefundChecked(open, "r-1", SILENT, aContext(now));
    const next = open.refunds?.[0]?.checkAt ?? 0;
    expect(open.dueAt).toBe(next);
    waits.push((next - now) / MINUTE_MS);
    now = next;
  }
  expect(waits).toEqual([1, 1, 2, 4, 8, 16, 32, 60, 60]);
});

test("what was raised about a refund that was not sent ends when it is sent, and it calls a person anew without an end", () => {
  const waiting = requested(20_000);
  const attention = [{ code: "refund_unclear", subject: "r-1.unsent", at: LATER.now }] as const;
  const gone = sendRefund({ ...waiting, attention }, "r-1", "me", LATER);
  expect(openEntries(gone)).toEqual([]);
  const [refund] = gone.refunds ?? [];
  expect(refund && unclearFlag(gone, refund, LATER.now + DAY_MS)).toMatchObject({ subject: "r-1" });
});

// Found by the simulation: an answer of Chapa's that was written a day after it was read put the check off by a day more.
test("a step of a refund that is written a day late leaves it due at once while no person is called, and not after", () => {
  const late = aContext(LATER.now + DAY_MS);
  const uncalled = noteRefundChecked(sent(20_000), "r-1", ANSWERED, late);
  expect([uncalled.refunds?.[0]?.checkAt, uncalled.dueAt]).toEqual([late.now, late.now]);
  const unclear = unclearFlag(uncalled, uncalled.refunds?.[0] ?? expect.fail("no refund"), late.now);
  const called = flag(uncalled, unclear ?? expect.fail("no flag"), late);
  expect(noteRefundChecked(called, "r-1", ANSWERED, late).refunds?.[0]?.checkAt).toBe(late.now + DAY_MS);
});

const aRefund = (state: Refund["state"], change: Partial<Refund> = {}): Refund => ({
  ...request("r-1", 20_000),
  state,
  by: "me",
  at: LATER.now,
  ...change,
});
const withRefunds = (...refunds: Refund[]): Payment => ({ ...paid, refunds });

test.each<[string, Partial<Refund> & Pick<Refund, "state">, boolean]>([
  ["that is sent and asked about later", { state: "SENT", checkAt: LATER.now + 1 }, true],
  ["that is settled and asked about no more", { state: "SETTLED" }, true],
  ["that is due now", { state: "SENT", checkAt: LATER.now }, false],
  ["that is not sent yet", { state: "REQUESTED", checkAt: LATER.now + 1 }, false],
  ["that came to nothing", { state: "REFUSED" }, false],
  ["that only the bank's reversal settled", { state: "SETTLED", before: "SENT" }, false],
])(
  "a webhook makes refunds due at once that Chapa can be asked about, but no other: one %s",
  (_, { state, ...change }, isAsked) => {
    const refund = aRefund(state, change);
    const still = aRefund("REQUESTED", { id: "r-2", checkAt: LATER.now + 5 });
    const asked = refundsAskedNow(withRefunds(refund, still), LATER);
    expect(asked?.refunds).toEqual(isAsked ? [{ ...refund, checkAt: LATER.now }, still] : undefined);
    if (asked) expect(asked.dueAt).toBe(LATER.now);
    expect(refundsAskedNow(paid, LATER)).toBeUndefined();
  },
);

test("only the next check of the refund that was tried moves, and Chapa's first reference of it stays", () => {
  const other = aRefund("SENT", { id: "r-2", sentAt: LATER.now, checkAt: LATER.now });
  const checked = (refund: Refund) =>
    noteRefundChecked(withRefunds(refund, other), "r-1", { ...ANSWERED, chapaRef: "C-1" }, LATER).refunds;
  const tried = aRefund("REQUESTED", { checkAt: LATER.now });
  expect(checked(tried)).toEqual([{ ...tried, chapaRef: "C-1", checkAt: LATER.now + MINUTE_MS }, other]);
  expect(checked(aRefund("REFUSED", { checkAt: LATER.now }))?.[0]?.checkAt).toBeUndefined();
  expect(checked(aRefund("SENT", { chapaRef: "C-0" }))?.[0]?.chapaRef).toBe("C-0");
});

test("a step changes its own refund and no other, and refunds are due from their dates on", () => {
  const both = withRefunds(
    aRefund("REQUESTED", { checkAt: LATER.now }),
    aRefund("REQUESTED", { id: "r-2", checkAt: LATER.now + 1 }),
  );
  expect(sendRefund(both, "r-1", "me", LATER).refunds?.map(({ state }) => state)).toEqual(["SENT", "REQUESTED"]);
  expect(refundsDue(both, LATER.now).map(({ id }) => id)).toEqual(["r-1"]);
  expect(refundsDue(withRefunds(aRefund("REFUSED")), LATER.now)).toEqual([]);
  expect([refundsDue({}, LATER.now), refundIn({}, "r-1")]).toEqual([[], undefined]);
});

test("another refund of the same money may be under way while it is sent", () => {
  const mine = aRefund("SENT");
  const isOther = (state: Refund["state"], change: Partial<Refund> = {}) =>
    isOtherUnanswered(withRefunds(mine, aRefund(state, { id: "r-2", ...change })), mine);
  expect(isOther("SENT")).toBe(true);
  expect([isOther("SETTLED"), isOther("SENT", { capture: "AP1" }), isOther("SENT", { id: "r-1" })]).toEqual([
    false,
    false,
    false,
  ]);
  expect(isOtherUnanswered({}, mine)).toBe(false);
});

test("nobody is called about a refund that came to nothing, or that is asked about no more", () => {
  const late = LATER.now + 9 * DAY_MS;
  expect(unclearFlag(paid, aRefund("REFUSED"), late)).toBeUndefined();
  expect(unclearFlag(paid, aRefund("SETTLED", { settledAt: LATER.now }), late)).toBeUndefined();
});

const RAISED = [
  { code: "duplicate", subject: "AP0", at: LATER.now },
  { code: "refund_unclear", subject: "r-1", at: LATER.now },
  { code: "refund_unclear", subject: "r-2", at: LATER.now },
] as const;
const [DUPLICATE, ...UNCLEAR] = RAISED.map(entryIdOf);

test.each<[string, Refund[], Refund[], (string | undefined)[]]>([
  ["nothing ended", [aRefund("SENT")], [aRefund("SENT")], [DUPLICATE, ...UNCLEAR]],
  ["it had ended before", [aRefund("SETTLED")], [aRefund("SETTLED")], [DUPLICATE, ...UNCLEAR]],
  ["a part settled", [aRefund("SENT")], [aRefund("SETTLED")], [DUPLICATE, UNCLEAR[1]]],
  ["all of it settled", [], [aRefund("SETTLED", { amount: Santim.parse(50_000) })], [UNCLEAR[1]]],
  [
    "the rest is still under way",
    [aRefund("SENT"), aRefund("SENT", { id: "r-2", amount: Santim.parse(30_000) })],
    [aRefund("SETTLED"), aRefund("SENT", { id: "r-2", amount: Santim.parse(30_000) })],
    [DUPLICATE, UNCLEAR[1]],
  ],
  ["money of another capture settled", [], [aRefund("SETTLED", { capture: "AP9" })], [DUPLICATE, UNCLEAR[1]]],
])(
  "what was raised about a refund ends with it, and about its capture once all went back: %s",
  (_, before, after, open) => {
    const attention = attentionAfter(withRefunds(...before), { ...withRefunds(...after), attention: RAISED }, LATER);
    expect(openEntries({ attention }).map(entryIdOf)).toEqual(open);
    for (const { answered } of attention) expect(answered?.at ?? LATER.now).toBe(LATER.now);
  },
);

test("what is answered because all of the money went back says so, and nothing is where only the bank took it, or it was refused", () => {
  const whole = { amount: Santim.parse(50_000) };
  const answers = (refund: Refund, back?: Back) => {
    const captures = paid.captures.map((one) => ({ ...one, back }));
    const after = { ...withRefunds(refund), captures, attention: RAISED };
    return attentionAfter(paid, after, LATER).map(({ answered }) => answered?.reason);
  };
  const ended = "it ended by itself";
  expect(answers(aRefund("SETTLED", whole))).toEqual(["all of this money went back", ended, undefined]);
  const reversed = { refunded: Santim.parse(0), reversed: Santim.parse(50_000) };
  expect(answers(aRefund("SETTLED", { ...whole, before: "SENT" }), reversed)).toEqual([undefined, ended, undefined]);
  expect(answers(aRefund("REFUSED", whole), reversed)).toEqual([undefined, ended, undefined]);
});

const taken = (refunded: number, reversed: number, amount?: number): Capture[] =>
  paid.captures.map((one) => ({
    ...one,
    amount: amount === undefined ? undefined : Santim.parse(amount),
    back: { refunded: Santim.parse(refunded), reversed: Santim.parse(reversed) },
  }));
const ended = { state: "SETTLED", settledAt: LATER.now, before: undefined } as const;
const SENT = aRefund("SENT", { checkAt: LATER.now });
const BEFORE = aRefund("SETTLED", { before: "SENT", settledAt: T0 });

test.each<[string, Refund, Capture[], Partial<Refund>]>([
  ["a part of its money went back", SENT, taken(20_000, 0, 50_000), SENT],
  ["all of it was refunded", SENT, taken(50_000, 0, 50_000), { ...ended, checkAt: LATER.now + DAY_MS }],
  ["money of an unknown amount was refunded", SENT, taken(1, 0), { ...ended, checkAt: LATER.now + DAY_MS }],
  ["the bank took it", SENT, taken(0, 50_000, 50_000), { ...ended, before: "SENT", checkAt: undefined }],
  ["the bank still has it", BEFORE, taken(0, 50_000, 50_000), BEFORE],
  [
    "the bank returned it",
    BEFORE,
    taken(0, 0, 50_000),
    { state: "SENT", before: undefined, settledAt: undefined, checkAt: LATER.now },
  ],
  ["it had been refused", aRefund("REFUSED"), taken(50_000, 0, 50_000), aRefund("REFUSED")],
  ["other money went back", { ...SENT, capture: "AP9" }, taken(50_000, 0, 50_000), { ...SENT, capture: "AP9" }],
])(
  "a refund is settled, open again or as it was by what verify reports of its money: %s",
  (_, refund, captures, expected) => {
    const money = { attempt: 0, result: moneyOn(paid) };
    expect(refundsAfter(withRefunds(refund), captures, money, LATER.now)).toEqual([{ ...refund, ...expected }]);
    expect(refundsAfter(paid, captures, money, LATER.now)).toBeUndefined();
    expect(refundsAfter(withRefunds(refund), [], money, LATER.now)).toEqual([refund]);
  },
);

test("the same id is the same refund unless a field that is named differs", () => {
  const [refund] = requested(20_000).refunds ?? [];
  if (!refund) throw new Error("no refund");
  expect(differingIn(refund, {})).toEqual([]);
  expect(differingIn(refund, { amount: Santim.parse(20_000), reason: refund.reason })).toEqual([]);
  expect(differingIn(refund, { amount: Santim.parse(1), capture: "AP1" })).toEqual(["capture", "amount"]);
});

test("the sum of a message about a refund is what arrived in the version that it names", () => {
  const done = settled(20_000);
  expect(settledInVersion(settled(1, done, "r-2"), done.version)).toBe(20_000);
  expect(settledInVersion(done, done.version - 1)).toBeUndefined();
});

test("the sum of a message is that of all refunds which Chapa's books settled at once, and of no other", () => {
  const [first, second, earlier] = [
    aRefund("SETTLED", { id: "r-1", amount: Santim.parse(20_000), settledAt: T0 }),
    aRefund("SETTLED", { id: "r-2", amount: Santim.parse(5_000), settledAt: T0 }),
    aRefund("SETTLED", { id: "r-3", amount: Santim.parse(1_000), settledAt: T0 - 1 }),
  ];
  const row = withRefunds(first, second, earlier);
  const went = { ...row, history: [{ transition: "wentBack" as const, at: T0, by: "sweep" }] };
  expect(settledInVersion(went, row.version)).toBe(25_000);
  expect(settledInVersion({ ...went, refunds: [earlier] }, row.version)).toBeUndefined();
});

test("a refund is stored and read back as it is, with a state that a later release added", () => {
  const done = settled(20_000);
  expect(fromItem(toItem(done), TX_STAGE).refunds).toEqual(done.refunds);
  const item = { ...toItem(done), refunds: [{ ...toItem(done)["refunds"][0], state: "PARKED" }] };
  const newer = fromItem(item, TX_STAGE);
  expect(toItem(newer)["refunds"]).toEqual(item.refunds);
  expect(left(newer)).toEqual([30_000]);
});

test("our reference of a refund is the same for the same id, and no checkout's", () => {
  const ref = refOf(NAMESPACE, { ...FEE, serial: 7 });
  expect(refundReferenceOf(ref, "r-1")).toBe(refundReferenceOf(ref, "r-1"));
  expect(refundReferenceOf(ref, "r-1")).not.toBe(refundReferenceOf(ref, "r-2"));
  expect(refundReferenceOf(ref, "r-1")).toMatch(new RegExp(`^${ref}[0-9A-HJKMNP-TV-Z]{4}$`));
});
