import { expect, test } from "vitest";
import { answer, finalise, follow } from "../../lib/domain/apply.ts";
import { applyCapture } from "../../lib/domain/apply-money.ts";
import {
  type Decision,
  decide,
  givenLink,
  isBesideDuplicate,
  mayBePaidBefore,
  staysAt,
} from "../../lib/domain/decide.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import type { Policy } from "../../lib/domain/verification-schedule.ts";
import {
  aClaim,
  aConfirmed,
  aContext,
  anOpened,
  aRef,
  aRenewed,
  aReviewed,
  aSettled,
  captured,
  KEY,
  LATER,
  moneyOn,
  POLICY,
  T0,
  TERMS,
  UNPAID_TRANSITIONS,
  withAttempts,
} from "../support/payments.ts";

const settledAt = T0 + 2 * HOUR_MS;

function request(payment: Payment, recordedAt = T0, asked = { property_id: "p" }) {
  return { ref: payment.ref, fields: { property_id: "p" }, recordedAt, by: "me", asked, payableAgain: false };
}

const decided = (payment: Payment, holder: string, now: number, recordedAt = T0) =>
  plain(decide(only(payment), request(payment, recordedAt), { holder, key: KEY }, aContext(now)));

const only = (payment: Payment) => ({ payment, earlier: [] });

/** The decision without the payment that is the answer. */
const plain = ({ kind, ...rest }: Decision) => ("payment" in rest ? { kind } : { kind, ...rest });

test("a reused request id with another body is refused and names the fields, whatever the payment", () => {
  for (const payment of [aClaim(), anOpened(), aConfirmed(), aSettled()]) {
    const asked = { property_id: "q", amount: "500.00" };
    expect(decide(only(payment), { ...request(payment), asked }, { holder: "me", key: KEY }, aContext(T0))).toEqual({
      kind: "refuse",
      reason: "request_differs",
      fields: ["amount", "property_id"],
    });
  }
});

test("the claimer opens the checkout, and others wait for a live lease and take over an ended one", () => {
  const payment = aClaim();
  expect(decided(payment, "me", T0)).toEqual({ kind: "initialize" });
  expect(decided(payment, "other", T0)).toEqual({ kind: "wait" });
  expect(decided(payment, "other", T0 + MINUTE_MS)).toEqual({ kind: "recover" });
  const free = { ...payment, lease: undefined };
  expect(decide(only(free), request(payment), { holder: "other", key: KEY }, aContext(T0))).toEqual({
    kind: "recover",
  });
});

test("a checkout whose last try failed, or that may be paid, is asked about again in its window", () => {
  for (const lastRead of ["failed", "maybe_money"] as const) {
    expect(decided(withAttempts({ lastRead }), "any", T0 + MINUTE_MS)).toEqual({ kind: "renew" });
  }
});

test("a press renews at once after the checkout has ended, and leaves a test checkout of a stage that went live", () => {
  const payment = anOpened();
  const lapsed = { ...payment, attempts: { 0: { ...TERMS, openedAt: T0, end: "lapsed", lapsedAt: T0 } as const } };
  expect(decided(lapsed, "any", T0 + MINUTE_MS)).toEqual({ kind: "renew" });
  const live = { ...aContext(T0 + MINUTE_MS), policy: { ...POLICY, expectedMode: "live" as const } };
  expect(decide(only(payment), request(payment), { holder: "any", key: KEY }, live)).toEqual({ kind: "mode_changed" });
});

test("an open checkout is handed out while its window lasts, and renewed after it", () => {
  const payment = anOpened();
  expect(decided(payment, "any", T0 + 59 * MINUTE_MS)).toEqual({ kind: "answer" });
  expect(decided(payment, "any", T0 + 60 * MINUTE_MS)).toEqual({ kind: "renew" });
  const worn = { ...payment, attempt: 1023, attempts: { 1023: { ...TERMS, openedAt: T0 } } };
  expect(decided(worn, "any", T0)).toEqual({ kind: "answer" });
  expect(decided(worn, "any", T0 + HOUR_MS)).toEqual({ kind: "follow" });
});

test("a paid fee is answered as it is, however often and from wherever it is asked for", () => {
  const payment = aConfirmed();
  for (const recordedAt of [T0, settledAt + HOUR_MS]) {
    expect(decided(payment, "any", settledAt + HOUR_MS, recordedAt)).toEqual({
      kind: "answer",
    });
  }
});

test("a later request reopens a payment, however it was settled unpaid", () => {
  for (const move of UNPAID_TRANSITIONS) {
    const payment = aSettled(move);
    expect(decided(payment, "any", settledAt + 1, settledAt + 1)).toEqual({ kind: "reopen" });
  }
});

test("money that waits for a person is answered as it is, also after the listing was closed", () => {
  for (const payment of [anOpened(), finalise(aSettled(), 0, aContext(T0 + 8 * DAY_MS))]) {
    const review = captured(payment, "review", moneyOn(payment, 0, { mode: "live" }));
    expect(decided(review, "any", settledAt + HOUR_MS, settledAt + HOUR_MS)).toEqual({ kind: "answer" });
  }
});

test("a settled payment reopens only for a request that was recorded after it was settled", () => {
  const payment = aSettled();
  expect(decided(payment, "any", settledAt + 1, T0)).toEqual({ kind: "answer" });
  expect(decided(payment, "any", settledAt + 1, settledAt)).toEqual({ kind: "answer" });
  expect(decided(payment, "any", settledAt + 1, settledAt + 1)).toEqual({
    kind: "reopen",
  });
  const worn = { ...payment, attempt: 1023 };
  expect(decided(worn, "any", settledAt + 1, settledAt + 1)).toEqual({ kind: "follow" });
  expect(decided(worn, "any", settledAt + 1, settledAt)).toEqual({ kind: "answer" });
  expect(decided({ ...payment, settledAt: undefined }, "any", settledAt, settledAt)).toEqual({ kind: "answer" });
});

test("a finalised payment refuses every request, unless it was paid after all", () => {
  const finalised = finalise(aSettled(), 0, aContext(T0 + 8 * DAY_MS));
  expect(decided(finalised, "any", settledAt + 1, settledAt + 1)).toEqual({
    kind: "refuse",
    reason: "listing_closed",
  });
  const late = aConfirmed(finalised);
  expect(late.finalised).toBe(true);
  expect(decided(late, "any", settledAt + 1, settledAt + 1)).toEqual({ kind: "answer" });
});

test("a spent fee is paid anew by a new request, and shown to an old one", () => {
  const payment = aConfirmed();
  const spent = applyCapture(
    payment,
    "wentBack",
    { attempt: 0, result: moneyOn(payment, 0, { kind: "reversed" }) },
    aContext(settledAt + HOUR_MS),
  );
  expect(decided(spent, "any", settledAt, settledAt + HOUR_MS)).toEqual({ kind: "answer" });
  expect(decided(spent, "any", settledAt, settledAt + 2 * HOUR_MS)).toEqual({ kind: "follow" });
  const again = { ...request(payment, settledAt + 1), payableAgain: true };
  const asking = { holder: "any", key: KEY };
  expect(decide(only(payment), again, asking, aContext(settledAt + 1))).toEqual({ kind: "follow" });
});

/** A payment whose money went back, and which was left for the next one of its fee. */
function aLeft(): Payment {
  const paid = aConfirmed();
  const back = { attempt: 0, result: moneyOn(paid, 0, { kind: "refunded" }) };
  const spent = applyCapture(paid, "wentBack", back, aContext(settledAt));
  const asked = { holder: "me", recordedAt: settledAt + 1, payableAgain: false, closings: [] };
  return follow(spent, aRef(), asked, aContext(settledAt + 1));
}

const decidedOn = (earlier: Payment[], payment: Payment, recordedAt: number) =>
  decide({ payment, earlier }, request(payment, recordedAt), { holder: "any", key: KEY }, aContext(settledAt + DAY_MS));

test("a request goes on to the next payment unless it was recorded before the earlier one was spent", () => {
  const left = aLeft();
  const next = anOpened();
  expect(decidedOn([], left, settledAt + 1)).toEqual({ kind: "go_on" });
  expect(decidedOn([], left, settledAt)).toEqual({ kind: "answer", payment: left });
  expect(decidedOn([left], next, settledAt)).toEqual({ kind: "answer", payment: left });
  expect(decidedOn([left], next, settledAt + 1)).toEqual({ kind: "renew" });
  const usedUp = { ...aSettled(), next: aRef() };
  expect(decidedOn([usedUp], next, T0)).toEqual({ kind: "renew" });
});

test("an unanswered duplicate on an earlier payment refuses every request, until a later one is paid with a rest", () => {
  const left = aLeft();
  const twice = captured(left, "duplicate", moneyOn(left, 0, { reference: "AP9" }));
  const unclear = { kind: "refuse", reason: "payment_unclear" };
  for (const recordedAt of [T0, settledAt + 1]) {
    expect(decidedOn([], twice, recordedAt)).toEqual(unclear);
    expect(decidedOn([twice], anOpened(), recordedAt)).toEqual(unclear);
  }
  const paid = aConfirmed();
  expect(decidedOn([twice], paid, settledAt + 1)).toEqual({ kind: "answer", payment: paid });
  const refunded = captured(paid, "wentBack", moneyOn(paid, 0, { kind: "refunded" }));
  expect(decidedOn([twice], refunded, settledAt + DAY_MS)).toEqual(unclear);
  const answered = answer(twice, { entry: "duplicate-AP9", reason: "sent back by the bank" }, LATER);
  expect(decidedOn([answered], anOpened(), settledAt + 1)).toEqual({ kind: "renew" });
});

test("words on an earlier payment that may mean money refuse every request", () => {
  const left = aLeft();
  const record = left.attempts[0];
  if (!record) throw new Error("there is no attempt");
  const read = { ...left, attempts: { 0: { ...record, lastRead: "maybe_money" as const } } };
  expect(decidedOn([read], anOpened(), settledAt + 1)).toEqual({ kind: "refuse", reason: "payment_unclear" });
});

test("nothing is raised or given out for a duplicate on a payment that was not left", () => {
  const paid = aConfirmed();
  const twice = captured(paid, "duplicate", moneyOn(paid, 0, { reference: "AP9" }));
  expect(decidedOn([], twice, settledAt + 1)).toEqual({ kind: "answer", payment: twice });
  expect(isBesideDuplicate([twice, anOpened()], POLICY)).toBe(false);
});

test("test money alone holds nobody on a stage that sells for real", () => {
  const played = aReviewed();
  const live = { ...aContext(settledAt + 1), policy: { ...POLICY, expectedMode: "live" as const } };
  const asking = { holder: "any", key: KEY };
  expect(decide(only(played), request(played), asking, live)).toEqual({ kind: "leave_test" });
  const worn = { ...played, attempt: 1023 };
  expect(decide(only(worn), request(worn), asking, live)).toEqual({ kind: "follow" });
  const real = captured(anOpened(), "review", moneyOn(anOpened(), 0, { mode: "live" }));
  expect(decide(only(real), request(real), asking, live)).toEqual({ kind: "answer", payment: real });
});

test("a request stays at a payment that was left only if it was recorded before that was spent", () => {
  const left = { ...aConfirmed(), next: aRef(), spentAt: T0 };
  expect([T0, T0 + 1].map((recordedAt) => staysAt(left, { recordedAt }))).toEqual([true, false]);
  expect(staysAt({ ...left, next: undefined }, { recordedAt: T0 })).toBe(false);
  expect(staysAt({ ...left, spentAt: undefined }, { recordedAt: T0 })).toBe(false);
});

const duplicate = { code: "duplicate", subject: "AP9", at: T0 } as const;
const leftWithDuplicate = { ...aConfirmed(), next: aRef(), attention: [duplicate] };

test("a payment stands beside a duplicate until a later one is paid, whether the earlier is paid itself or not", () => {
  expect(isBesideDuplicate([leftWithDuplicate, anOpened()], POLICY)).toBe(true);
  expect(isBesideDuplicate([leftWithDuplicate], POLICY)).toBe(true);
  expect(isBesideDuplicate([aConfirmed(), leftWithDuplicate, anOpened()], POLICY)).toBe(true);
  expect(isBesideDuplicate([leftWithDuplicate, aConfirmed()], POLICY)).toBe(false);
  expect(isBesideDuplicate([{ ...leftWithDuplicate, attention: [] }, anOpened()], POLICY)).toBe(false);
});

test("an earlier payment may have paid the fee through a duplicate, or a checkout of which Chapa spoke", () => {
  const spoken = withAttempts({ webhookAt: T0 }, {});
  expect(mayBePaidBefore([anOpened(), leftWithDuplicate])).toBe(true);
  expect(mayBePaidBefore([spoken, anOpened()])).toBe(true);
  expect(mayBePaidBefore([anOpened(), aConfirmed()])).toBe(false);
  expect(mayBePaidBefore([])).toBe(false);
});

test("words of money on one of several checkouts refuse a new one, on this payment unless it is paid, and on an earlier one", () => {
  const unclear = withAttempts({ lastRead: "maybe_money" }, {});
  const refused = { kind: "refuse", reason: "payment_unclear" };
  expect(decided(unclear, "any", T0)).toEqual(refused);
  for (const state of ["SUCCESS", "REVIEW"] as const)
    expect(decided({ ...unclear, state }, "any", T0)).toEqual({ kind: "answer" });
  expect(decidedOn([{ ...unclear, next: aRef() }], anOpened(), settledAt)).toEqual(refused);
});

const opened = anOpened();
const unclear = { ...TERMS, openedAt: T0, lastRead: "maybe_money" } as const;
const renewed = aRenewed(opened, aContext(T0 + 1));
const live = { ...POLICY, expectedMode: "live" as const };
const LINES: [string, { payment: Payment; earlier: Payment[]; now?: number; policy?: Policy }][] = [
  ["it is open", { payment: opened, earlier: [] }],
  ["it is open, and an earlier payment of the fee went back", { payment: opened, earlier: [aLeft()] }],
  ["it is renewed", { payment: renewed, earlier: [] }],
  ["nobody has opened it", { payment: aClaim(), earlier: [] }],
  ["its window is over", { payment: opened, earlier: [], now: T0 + HOUR_MS }],
  ["its last try failed", { payment: { ...opened, attempts: { 0: { ...unclear, lastRead: "failed" } } }, earlier: [] }],
  ["it may be paid", { payment: { ...opened, attempts: { 0: unclear } }, earlier: [] }],
  [
    "its earlier checkout may be paid",
    { payment: { ...renewed, attempts: { ...renewed.attempts, 0: unclear } }, earlier: [] },
  ],
  ["it has ended", { payment: { ...opened, attempts: { 0: { ...TERMS, openedAt: T0, closedAt: T0 } } }, earlier: [] }],
  ["it is a test checkout of a stage that went live", { payment: opened, earlier: [], policy: live }],
  [
    "a duplicate on an earlier payment of the fee is not answered",
    { payment: opened, earlier: [captured(aLeft(), "duplicate", moneyOn(aLeft(), 0, { reference: "AP9" }))] },
  ],
  ["it is paid", { payment: aConfirmed(), earlier: [] }],
  ["it waits for a person", { payment: aReviewed(), earlier: [] }],
  ["it was settled unpaid", { payment: aSettled(), earlier: [] }],
];

test.each(LINES)(
  "a link is given out exactly where a new press is answered with it, without a question to Chapa: %s",
  (_, { payment, earlier, now = T0 + MINUTE_MS, policy = POLICY }) => {
    const context = { ...aContext(now), policy };
    const asking = { holder: "other", key: KEY };
    const pressed = decide({ payment, earlier }, request(payment, DAY_MS + settledAt), asking, context);
    const answered = pressed.kind === "answer" ? pressed.payment.checkoutUrl : undefined;
    expect(givenLink({ payment, earlier }, context)).toBe(answered);
  },
);

test("a link is given out while the checkout is open, also after an earlier payment of the fee went back", () => {
  const given = LINES.filter(
    ([, { payment, earlier, now = T0 + MINUTE_MS, policy = POLICY }]) =>
      givenLink({ payment, earlier }, { ...aContext(now), policy }) !== undefined,
  );
  expect(given.map(([name]) => name)).toEqual(LINES.slice(0, 3).map(([name]) => name));
  const left = { ...opened, next: aRef() };
  expect(givenLink(only(left), aContext(T0 + MINUTE_MS))).toBeUndefined();
});
