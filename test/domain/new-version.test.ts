import { expect, test } from "vitest";
import { flag, reject } from "../../lib/domain/apply.ts";
import { entryIdOf, openEntries } from "../../lib/domain/attention.ts";
import { applied, unstoredPayment } from "../../lib/domain/new-version.ts";
import type { HistoryEntry, Payment } from "../../lib/domain/payment.ts";
import { DAY_MS } from "../../lib/domain/time.ts";
import {
  aCapture,
  aClaim,
  aConfirmed,
  aLease,
  anAttempt,
  anOpened,
  aRef,
  LATER,
  POLICY,
  T0,
  TERMS,
  withAttempts,
} from "../support/payments.ts";

const reviewed = (attempt: number, reference = `AP${attempt}`) => aCapture({ attempt, reference, kind: "reviewed" });

/** The payment after a step that changes nothing but what is given: a flag about something else. */
function changed(payment: Payment, changes: Partial<Payment> = {}): Payment {
  return applied(payment, "flag", { ...LATER, code: "duplicate", subject: "AP9" }, { changes });
}

/** What still waits for a person after a step. */
function openAfter(payment: Payment, changes: Partial<Payment>): string[] {
  return openEntries(changed(payment, changes)).map(entryIdOf);
}

test("a version is one more than the last, dated, in the state of its transition, and written into the history", () => {
  const opened = anOpened();
  const next = applied(
    opened,
    "flag",
    { ...LATER, code: "stuck", subject: "attempt-0" },
    { changes: { failureReason: "why" }, evidence: "stuck-attempt-0" },
  );
  const entry = { transition: "flag", at: LATER.now, by: LATER.by, evidence: "stuck-attempt-0" };
  expect(next).toEqual({
    ...opened,
    failureReason: "why",
    version: opened.version + 1,
    updatedAt: LATER.now,
    history: [...opened.history, entry],
    spentAt: undefined,
    dueAt: opened.dueAt,
  });
  expect(aConfirmed(opened).state).toBe("SUCCESS");
});

test("no version is made against the table of transitions", () => {
  const twice = { ...LATER, code: "stuck", subject: "attempt-0" } as const;
  const raised = flag(anOpened(), twice, LATER);
  expect(() => applied(raised, "flag", twice, { changes: {} })).toThrow("no flag: notFlaggedYet does not hold");
});

test("a payment that is not stored has no version, no attempt and nothing behind it", () => {
  const ref = aRef();
  expect(unstoredPayment({ ref, txStage: "x" }, TERMS, LATER)).toEqual({
    ref,
    txStage: "x",
    serial: 0,
    state: "CREATED",
    version: 0,
    revision: 0,
    attempt: -1,
    terms: TERMS,
    attempts: {},
    createdAt: LATER.now,
    updatedAt: LATER.now,
    beganAt: LATER.now,
    captures: [],
    attention: [],
    history: [],
  });
});

test("a payment is spent since nothing is left of its money, keeps that time, and loses it when money is there again", () => {
  const back = { refunded: TERMS.amount, reversed: TERMS.amount };
  const paid = aConfirmed();
  const captures = paid.captures.map((one) => ({ ...one, back }));
  expect(changed(paid).spentAt).toBeUndefined();
  const spent = changed(paid, { captures });
  expect(spent.spentAt).toBe(LATER.now);
  const earlier = { ...spent, spentAt: T0 };
  expect(changed(earlier).spentAt).toBe(T0);
  expect(changed(earlier, { captures: paid.captures }).spentAt).toBeUndefined();
  // A payment that was left keeps what it was left with.
  expect(changed({ ...earlier, next: aRef() }, { captures: paid.captures }).spentAt).toBe(T0);
});

test("a version is due when its new state asks for it", () => {
  const acknowledged = changed(aConfirmed(), { acknowledgedAt: LATER.now, attempts: {} });
  expect(acknowledged.dueAt).toBeUndefined();
  expect(changed(anOpened(), { attempts: {} }).dueAt).toBe(T0 + POLICY.timeoutMs);
});

test("a long history keeps its first 20 and its latest 100 entries, and no other is shortened", () => {
  const entries = (length: number): HistoryEntry[] =>
    Array.from({ length }, (_, number) => ({ transition: "flag", at: number, by: "x" }));
  const datesAfter = (length: number) =>
    changed({ ...anOpened(), history: entries(length) }).history.map(({ at }) => at);
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, number) => from + number);
  expect(datesAfter(119)).toEqual([...range(0, 119), LATER.now]);
  expect(datesAfter(120)).toEqual([...range(0, 20), ...range(21, 120), LATER.now]);
  expect(datesAfter(300)).toEqual([...range(0, 20), ...range(201, 300), LATER.now]);
});

const UNKNOWN = ["unknown_status-attempt-0", "unknown_status-attempt-1"];
/** Two open checkouts, of each of which Chapa said a word that we do not know. */
const unclear = [0, 1].reduce<Payment>(
  (payment, number) => flag(payment, { code: "unknown_status", subject: `attempt-${number}` }, LATER),
  withAttempts({}, {}),
);

test.each<[string, Partial<Payment>, string[]]>([
  ["nothing of it", {}, UNKNOWN],
  ["that its checkout closes", { attempts: { 0: anAttempt({ closedAt: T0 }), 1: anAttempt() } }, UNKNOWN.slice(1)],
  ["that its checkout lapses", { attempts: { 0: anAttempt({ end: "lapsed" }), 1: anAttempt() } }, UNKNOWN],
  ["money on it", { captures: [reviewed(1)] }, UNKNOWN.slice(0, 1)],
  [
    "a checkout that closed without a record before",
    { attempts: { ...unclear.attempts, 2: anAttempt({ closedAt: T0 }) } },
    UNKNOWN,
  ],
])(
  "a word that may mean money waits for a person until a step proves what it meant: this one proves %s",
  (_, changes, open) => {
    expect(openAfter(unclear, changes)).toEqual(open);
  },
);

test("what an earlier step had proved proves nothing of a word that was said later", () => {
  const closed = { ...unclear, attempts: { 0: anAttempt({ closedAt: T0 }), 1: anAttempt() }, captures: [reviewed(1)] };
  expect(openAfter(closed, {})).toEqual(UNKNOWN);
  expect(openAfter(closed, { captures: [reviewed(1), reviewed(1, "AP7")] })).toEqual(UNKNOWN.slice(0, 1));
});

/** A payment whose attempts 0 and 1 are both held. */
function held(payment: Payment): Payment {
  return [0, 1].reduce(
    (raised, number) => flag(raised, { code: "stuck", subject: `attempt-${number}` }, LATER),
    payment,
  );
}
const STUCK = ["stuck-attempt-0", "stuck-attempt-1"];
const twoOpen = held(withAttempts({}, {}));
/** The same, and nobody knows what became of the opening of the latest. */
const opening: Payment = {
  ...twoOpen,
  state: "CREATED",
  attempts: { 0: anAttempt() },
  lease: aLease("me", T0 + DAY_MS),
};
const lost = held({ ...aClaim(), attempt: 1, attempts: {} });

test.each<[string, Payment, Partial<Payment>, string[]]>([
  ["both checkouts stay open", twoOpen, {}, STUCK],
  ["the first one closes", twoOpen, { attempts: { 0: anAttempt({ closedAt: T0 }), 1: anAttempt() } }, STUCK.slice(1)],
  ["the latest one takes money", twoOpen, { captures: [reviewed(1)] }, STUCK.slice(0, 1)],
  ["the opening is still not known", opening, {}, STUCK],
  ["the opening is found", opening, { attempts: { 0: anAttempt(), 1: anAttempt() } }, STUCK.slice(0, 1)],
  ["a person releases it", opening, { lease: { ...aLease(), released: true } }, STUCK.slice(0, 1)],
  ["the lease ends", opening, { lease: undefined }, STUCK],
  ["a next attempt begins", opening, { attempt: 2 }, STUCK.slice(0, 1)],
])("an attempt that was held calls a person until it ends or its opening is known: %s", (_, payment, changes, open) => {
  expect(openAfter(payment, changes)).toEqual(open);
});

test("an attempt that was never opened is held no more once it is not the latest, or the payment is not being opened", () => {
  expect(openEntries(lost).map(entryIdOf)).toEqual(STUCK.slice(1));
  expect(openEntries(reject(lost, "me", "no", LATER))).toEqual([]);
});
