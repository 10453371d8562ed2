import { expect, test } from "vitest";
import { txRefOf } from "../../lib/domain/ids.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import { MINUTE_MS } from "../../lib/domain/time.ts";
import { aClaim, anOpened, CHECKOUT_URL, T0, TERMS } from "../support/payments.ts";
import { Invariants } from "./invariants.ts";
import type { Answer, Rest, Taken, World } from "./world.ts";

const OPENED = anOpened();
const TX_REF = txRefOf(OPENED, 0);
const MONEY: Taken = { txRef: TX_REF, ref: OPENED.ref, attempt: 0, reference: "AP1", ...TERMS, isOpen: true };
const CAPTURE = { attempt: 0, at: T0, kind: "confirmed", reference: "AP1", ...TERMS } as const;
const PAID: Payment = { ...OPENED, state: "SUCCESS", captures: [CAPTURE], acknowledgedAt: T0 };
const ANSWER: Answer = {
  txRef: TX_REF,
  fee: OPENED.ref,
  state: "PENDING",
  checkoutUrl: CHECKOUT_URL,
  isPress: true,
  paid: [],
};

/** What breaks while `check` runs, in a world where Chapa took `taken` and where `payable` can be paid. */
function broken(check: (invariants: Invariants) => void, taken: Taken[] = [], payable: string[] = []): string[] {
  const world: World = {
    captures: () => taken,
    capturesOf: () => taken,
    opened: () => [TX_REF],
    urlOf: () => CHECKOUT_URL,
    given: () => undefined,
    payableLinks: () => payable,
  };
  const found: string[] = [];
  check(new Invariants(world, [], ({ invariant }) => found.push(invariant)));
  return found;
}

function atRest(payment: Payment, status: string, change: Partial<Rest> = {}) {
  const rest: Rest = {
    payments: [payment],
    listing: () => ({ status, isByHand: false }),
    isPayerNotified: () => true,
    reported: new Set(),
    unfindable: new Set(),
    ...change,
  };
  return (invariants: Invariants) => invariants.atRest(rest);
}

test("a success whose money, listing and payer agree breaks nothing", () => {
  expect(broken(atRest(PAID, "APPROVED"), [MONEY])).toEqual([]);
  expect(broken((invariants) => invariants.answered(ANSWER), [], [TX_REF])).toEqual([]);
});

test("a row that names money which Chapa did not take breaks I7", () => {
  expect(broken(atRest({ ...PAID, state: "REVIEW" }, "PENDING"))).toContain("I7");
});

test("money that no row names breaks I2, unless the comparison of books reported it", () => {
  const second = { ...MONEY, reference: "AP2" };
  expect(broken(atRest(PAID, "APPROVED"), [MONEY, second])).toEqual(["I2"]);
  expect(broken(atRest(PAID, "APPROVED", { reported: new Set(["AP2"]) }), [MONEY, second])).toEqual([]);
});

test("a second capture breaks I2 if a person was called only about another one", () => {
  const second = { ...MONEY, reference: "AP2" };
  const captures: Payment["captures"] = [CAPTURE, { ...CAPTURE, kind: "duplicate", reference: "AP2" }];
  const call = { code: "duplicate", subject: "AP2", at: T0 } as const;
  const called = atRest({ ...PAID, captures, attention: [call] }, "APPROVED");
  expect(broken(called, [MONEY, second])).toEqual([]);
  const other = atRest({ ...PAID, captures, attention: [{ ...call, subject: "AP3" }] }, "APPROVED");
  expect(broken(other, [MONEY, second])).toEqual(["I2"]);
});

test("a payment that needs a person breaks the witness if the gauge does not count it", () => {
  const call = { code: "listing_closed", subject: "delivery", at: T0 } as const;
  const flagged = (openAttention: number) =>
    broken(atRest({ ...PAID, attention: [call] }, "APPROVED", { openAttention }), [MONEY]);
  expect(flagged(1)).toEqual([]);
  expect(flagged(0)).toEqual(["witness"]);
  expect(broken(atRest(PAID, "APPROVED", { openAttention: 1 }), [MONEY])).toEqual(["witness"]);
});

test("a payment whose moment of payment moves breaks I9", () => {
  const moved = { ...PAID, captures: [{ ...CAPTURE, at: T0 + MINUTE_MS }] };
  const changed = (after: Payment) => (invariants: Invariants) => invariants.changed({ before: PAID, after });
  expect(broken(changed(PAID), [MONEY])).toEqual([]);
  expect(broken(changed(moved), [MONEY])).toEqual(["I9"]);
});

test("a listing that approves an unpaid fee breaks I3, unless a person approved it there", () => {
  expect(broken(atRest(OPENED, "APPROVED"))).toEqual(["I3"]);
  expect(broken(atRest(OPENED, "APPROVED", { listing: () => ({ status: "APPROVED", isByHand: true }) }))).toEqual([]);
});

test("a listing that is told SUCCESS of a payment in another state breaks I3", () => {
  const seen = { ...PAID, sentAt: T0 };
  expect(broken((invariants) => invariants.notifiedListing("SUCCESS", OPENED, seen))).toEqual(["I3"]);
});

test("a listing that is told what its teller did not see last, or before the row says so, breaks delivery", () => {
  const confirms = (seen: Payment) => (invariants: Invariants) => invariants.notifiedListing("SUCCESS", PAID, seen);
  expect(broken(confirms({ ...PAID, sentAt: T0 }))).toEqual([]);
  expect(broken(confirms(PAID))).toEqual(["delivery"]);
  expect(broken(confirms({ ...OPENED, sentAt: T0 }))).toEqual(["delivery"]);
});

test("work that verify has shown money, and that ends before its row has it, breaks kept", () => {
  const ended = (payment: Payment) => (invariants: Invariants) =>
    invariants.workEnded([payment], [{ txRef: TX_REF, reference: MONEY.reference }]);
  expect(broken(ended(PAID), [MONEY])).toEqual([]);
  expect(broken(ended(OPENED), [MONEY])).toEqual(["kept"]);
});

test("a success without a notice to the payer breaks I5", () => {
  expect(broken(atRest(PAID, "APPROVED", { isPayerNotified: () => false }), [MONEY])).toEqual(["I5"]);
});

test("an answer with the URL of another checkout breaks I1, and a second payable link breaks live", () => {
  const other = { ...ANSWER, checkoutUrl: `${CHECKOUT_URL}x` };
  expect(broken((invariants) => invariants.answered(other), [], [TX_REF])).toEqual(["I1"]);
  expect(broken((invariants) => invariants.answered(ANSWER), [], [TX_REF, txRefOf(OPENED, 1)])).toEqual(["live"]);
});

test("a checkout that Chapa opens before its row stands breaks I6", () => {
  expect(broken((invariants) => invariants.opened(TX_REF, undefined))).toEqual(["I6"]);
  expect(broken((invariants) => invariants.opened(txRefOf(OPENED, 1), OPENED))).toEqual(["I6"]);
});

test("a payment that is given up while a link of it can be paid breaks left", () => {
  const claim = aClaim();
  const failed: Payment = {
    ...claim,
    state: "FAILED",
    version: 2,
    settledAt: T0 + MINUTE_MS,
    history: [...claim.history, { transition: "reject", at: T0, by: "test" }],
  };
  const change = (invariants: Invariants) => invariants.changed({ before: claim, after: failed });
  expect(broken(change)).toEqual([]);
  expect(broken(change, [], [txRefOf(claim, 0)])).toEqual(["left"]);
});
