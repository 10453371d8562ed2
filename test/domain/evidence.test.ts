import { expect, test } from "vitest";
import {
  type Answer,
  endIsRecorded,
  isAsAgreed,
  isNotMoney,
  isSameMoney,
  reversalOf,
} from "../../lib/domain/evidence.ts";
import { Santim } from "../../lib/domain/money.ts";
import { anOpened, moneyOn } from "../support/payments.ts";

const opened = anOpened();
const money = moneyOn(opened);

test.each<[string, Answer, boolean]>([
  ["no payment", { kind: "unpaid", reason: "pending" }, true],
  ["a word without money that we do not know", { kind: "readable", word: "waiting" }, true],
  ["a word that may mean money", { kind: "maybe_money", word: "done" }, false],
  ["an outage", { kind: "unavailable", reason: "unreachable" }, false],
  ["money", money, false],
])("the answer that reports %s says that no money came, or does not", (_, answer, expected) => {
  expect(isNotMoney(answer)).toBe(expected);
});

test("the evidence of an end that is recorded names its attempt and proves nothing by itself", () => {
  expect(endIsRecorded(3)).toEqual({ attempt: 3, found: "pending", cancel: "ended" });
});

test("money is as agreed only with reference, amount, currency and mode of our checkout", () => {
  expect(isAsAgreed(opened, 0, money.facts)).toBe(true);
  for (const change of [{ txRef: "other" }, { amount: Santim.parse(1) }, { currency: "USD" }, { mode: "live" }])
    expect(isAsAgreed(opened, 0, { ...money.facts, ...change })).toBe(false);
});

test("two reports are the same money if amount, currency and mode are equal", () => {
  expect(isSameMoney(money.facts, { ...money.facts, reference: "other" })).toBe(true);
  for (const change of [{ amount: Santim.parse(1) }, { currency: "USD" }, { mode: "live" }])
    expect(isSameMoney(money.facts, { ...money.facts, ...change })).toBe(false);
});

test("money went back by the word that verify says, unless it is here", () => {
  const words = (["paid", "refunded", "reversed"] as const).map((kind) => reversalOf({ ...money, kind }));
  expect(words).toEqual([undefined, "refunded", "reversed"]);
});
