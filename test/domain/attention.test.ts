import { expect, test } from "vitest";
import { answer, flag } from "../../lib/domain/apply.ts";
import {
  captureSubject,
  entryIdOf,
  flagEnded,
  flagged,
  flaggedSince,
  flagsAnswered,
  lasts,
  nextSubject,
  openEntries,
} from "../../lib/domain/attention.ts";
import { Santim } from "../../lib/domain/money.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import { DAY_MS } from "../../lib/domain/time.ts";
import { ATTENTION_FACTS } from "../../lib/domain/vocabulary.ts";
import { aClaim, aContext, anOpened, T0 } from "../support/payments.ts";

const STUCK = { code: "stuck", subject: "attempt-0" } as const;
const TAKEN = { entry: "stuck-attempt-0", reason: "asked Chapa" };
const at = (days: number) => aContext(T0 + days * DAY_MS, "admin");
const idsOf = (payment: Payment) => openEntries(payment).map(entryIdOf);

test("a fact is never raised twice, not even after its answer, and a new subject always is", () => {
  for (const code of ATTENTION_FACTS) {
    const raised = flag(aClaim(), { code, subject: "AP1" }, at(0));
    expect(() => flag(raised, { code, subject: "AP1" }, at(0))).toThrow("notFlaggedYet");
    const answered = answer(raised, { entry: `${code}-AP1`, reason: "refunded" }, at(1));
    expect(() => flag(answered, { code, subject: "AP1" }, at(99))).toThrow("notFlaggedYet");
    expect(idsOf(flag(answered, { code, subject: "AP2" }, at(1)))).toEqual([`${code}-AP2`]);
  }
});

test("a condition comes back a week after a person's answer and not before", () => {
  const answered = answer(flag(anOpened(), STUCK, at(0)), TAKEN, at(1));
  expect(() => flag(answered, STUCK, aContext(T0 + 8 * DAY_MS - 1))).toThrow("notFlaggedYet");
  const back = flag(answered, STUCK, at(8));
  expect(back.attention).toEqual([{ ...STUCK, at: T0 + 8 * DAY_MS }]);
});

test("a condition that ended is answered, and is raised at once when it begins again", () => {
  const stuck = flag(anOpened(), STUCK, at(0));
  const ended = { ...stuck, attention: flagEnded(stuck, STUCK, at(1)) };
  expect(ended.attention).toMatchObject([
    { ...STUCK, answered: { at: T0 + DAY_MS, by: "ended", reason: "it ended by itself" } },
  ]);
  expect(idsOf(flag(ended, STUCK, at(1)))).toEqual(["stuck-attempt-0"]);
  expect(flagEnded(ended, STUCK, at(2))).toBe(ended.attention);
});

test("a condition that ends after a person's answer is raised at once when it begins again", () => {
  const answered = answer(flag(anOpened(), STUCK, at(0)), TAKEN, at(1));
  const ended = { ...answered, attention: flagEnded(answered, STUCK, at(2)) };
  expect(idsOf(flag(ended, STUCK, at(2)))).toEqual(["stuck-attempt-0"]);
});

test("the end of one condition leaves every other entry as it is", () => {
  const both = flag(flag(anOpened(), STUCK, at(0)), { code: "stuck", subject: "attempt-1" }, at(0));
  expect(idsOf({ ...both, attention: flagEnded(both, STUCK, at(1)) })).toEqual(["stuck-attempt-1"]);
  expect(flagEnded(both, { code: "not_found", subject: "attempt-0" }, at(1))).toBe(both.attention);
});

test("an answer holds who, when and why, answers one entry only, and once", () => {
  const both = flag(flag(aClaim(), { code: "duplicate", subject: "AP1" }, at(0)), STUCK, at(0));
  const reason = `refunded ${"x".repeat(600)}`;
  const answered = answer(both, { entry: "duplicate-AP1", reason }, at(1));
  expect(answered.attention[0]?.answered).toEqual({ at: T0 + DAY_MS, by: "admin", reason: reason.slice(0, 500) });
  expect(idsOf(answered)).toEqual(["stuck-attempt-0"]);
  expect(answered).toMatchObject({ state: "CREATED", version: both.version + 1 });
  expect(answered.history.at(-1)).toEqual({
    transition: "answer",
    at: T0 + DAY_MS,
    by: "admin",
    evidence: "duplicate-AP1",
  });
  for (const entry of ["duplicate-AP1", "duplicate", "AP1", ""])
    expect(() => answer(answered, { entry, reason: "again" }, at(2))).toThrow("entryIsOpen");
});

test("the oldest entry that waits tells since when a person is needed", () => {
  expect(flaggedSince(aClaim())).toBeUndefined();
  const first = flag(aClaim(), { code: "duplicate", subject: "AP1" }, at(1));
  const second = flag(first, { code: "duplicate", subject: "AP2" }, at(2));
  expect(flaggedSince(second)).toBe(T0 + DAY_MS);
  expect(flaggedSince(answer(second, { entry: "duplicate-AP1", reason: "refunded" }, at(3)))).toBe(T0 + 2 * DAY_MS);
});

test("a capture is named by Chapa's reference, or by its attempt where Chapa reported none", () => {
  expect(captureSubject({ attempt: 3, reference: "AP9" })).toBe("AP9");
  expect(captureSubject({ attempt: 3 })).toBe("attempt-3");
});

const entry = (code: "duplicate" | "reversed" | "stuck", subject: string, by?: string) => ({
  code,
  subject,
  at: T0,
  ...(by === undefined ? {} : { answered: { at: T0, by, reason: "x" } }),
});

test("what happens to a capture again is named by how often it happened before, also after an answer", () => {
  const attention = [
    entry("duplicate", "AP1", "admin"),
    entry("duplicate", "AP1.2"),
    entry("duplicate", "AP10"),
    entry("reversed", "AP1"),
    entry("reversed", "XAP2."),
  ];
  const next = (code: "duplicate" | "reversed", subject: string) => nextSubject({ attention }, { code, subject });
  expect(next("duplicate", "AP1")).toBe("AP1.3");
  expect(next("reversed", "AP1")).toBe("AP1.2");
  expect(next("duplicate", "AP10")).toBe("AP10.2");
  expect(next("reversed", "AP2")).toBe("AP2");
});

test("an entry lasts until it ends by itself, also after a person's answer", () => {
  expect(lasts({ attention: [entry("stuck", "attempt-0")] }, "stuck")).toBe(true);
  expect(lasts({ attention: [entry("stuck", "attempt-0", "admin")] }, "stuck")).toBe(true);
  expect(lasts({ attention: [entry("stuck", "attempt-0", "ended")] }, "stuck")).toBe(false);
  expect(lasts({ attention: [entry("duplicate", "AP1")] }, "stuck")).toBe(false);
});

test("a flag is raised with its amount if it has one, in place of the same that ended, and not while the same is open", () => {
  const raised = flagged({ attention: [] }, { code: "stuck", subject: "attempt-0" }, { now: T0 });
  expect(raised).toStrictEqual([entry("stuck", "attempt-0")]);
  expect(flagged({ attention: raised }, { code: "stuck", subject: "attempt-0" }, { now: T0 + 1 })).toBe(raised);
  const amount = Santim.parse(5);
  const both = [entry("stuck", "attempt-0", "ended"), entry("duplicate", "AP1")];
  expect(flagged({ attention: both }, { code: "stuck", subject: "attempt-0", amount }, { now: T0 + 1 })).toStrictEqual([
    entry("duplicate", "AP1"),
    { code: "stuck", subject: "attempt-0", at: T0 + 1, amount },
  ]);
});

test("an answer about subjects answers every open entry about them, however often it happened, and no other", () => {
  const attention = [
    entry("duplicate", "AP1"),
    entry("reversed", "AP1.2"),
    entry("reversed", "AP1", "admin"),
    entry("duplicate", "AP10"),
    entry("duplicate", "XAP1."),
  ];
  const answered = { at: T0 + 1, by: "me", reason: "sent back" };
  expect(flagsAnswered({ attention }, ["AP1", "AP2"], { now: T0 + 1, by: "me", reason: "sent back" })).toEqual(
    attention.map((one, index) => (index < 2 ? { ...one, answered } : one)),
  );
});
