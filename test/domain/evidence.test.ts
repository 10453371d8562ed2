import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Evidence, moveDue, moveFor, type PaidFacts } from "../../lib/domain/evidence.ts";
import { txRefOf } from "../../lib/domain/ids.ts";
import { Santim } from "../../lib/domain/money.ts";
import { account, adoptOrphan, looked, open, renew, settleUnpaid } from "../../lib/domain/moves.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import { aClaim, aLease, anAct, anOpened, CHECKOUT_URL, POLICY, T0, TERMS } from "../support/payments.ts";

const closing = { attempt: 0, cancel: "closed" } as const;
const later = anAct(T0 + 2 * HOUR_MS);

const factsOf = (payment: Payment, attempt = 0): PaidFacts => ({
  ...TERMS,
  txRef: txRefOf(payment.ref, attempt),
  reference: `AP${attempt}`,
});
const paid = (payment: Payment, attempt = 0, change: Partial<PaidFacts> = {}): Extract<Evidence, { says: "paid" }> => ({
  says: "paid",
  facts: { ...factsOf(payment, attempt), ...change },
});

const SILENCES = ["unreachable", "busy", "misconfigured", "unreadable"] as const;
const UNPAID = ["pending", "failed", "not_found"] as const;
const proofless: Evidence[] = [
  ...SILENCES.map((silence) => ({ says: "nothing", silence }) as const),
  ...UNPAID.map((because) => ({ says: "unpaid", because }) as const),
];

function everyState(): Payment[] {
  const opened = anOpened();
  return [
    aClaim(),
    opened,
    account(opened, "confirm", 0, paid(opened), later),
    account(opened, "review", 0, paid(opened), later),
    settleUnpaid(opened, "fail", closing, later),
    settleUnpaid(opened, "expire", closing, later),
    settleUnpaid(opened, "cancel", closing, later),
  ];
}

describe("what evidence justifies", () => {
  test.each(proofless)("%j moves no payment, whatever its state", (evidence) => {
    for (const payment of everyState()) expect(moveFor(payment, 0, evidence)).toBeNull();
    expect(moveFor(undefined, 0, evidence)).toBeNull();
  });

  test("a success that equals what was opened confirms every payment that is not a success yet", () => {
    for (const payment of everyState()) {
      expect(moveFor(payment, 0, paid(payment))).toBe(payment.state === "SUCCESS" ? null : "confirm");
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
    { txRef: "G85FR23GHWFN3DNFFP00" },
    { txRef: undefined },
  ])("a success that differs in %j is never a success and never ignored", (change) => {
    for (const payment of everyState()) {
      if (payment.state === "SUCCESS" || payment.state === "REVIEW") continue;
      expect(moveFor(payment, 0, paid(payment, 0, change))).toBe("review");
    }
  });

  test("any reported amount but the agreed one leads to a review", () => {
    const payment = anOpened();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000_000 }), (value) => {
        const amount = Santim.parse(value);
        expect(moveFor(payment, 0, paid(payment, 0, { amount }))).toBe(value === 50_000 ? "confirm" : "review");
      }),
    );
  });

  test("an older checkout is compared with what it was opened for, not with today's price", () => {
    const dearer = { ...TERMS, amount: Santim.parse(60_000) };
    const renewed = open(renew(anOpened(), closing, dearer, aLease(), later), "me", CHECKOUT_URL, later);
    expect(moveFor(renewed, 0, paid(renewed, 0))).toBe("confirm");
    expect(moveFor(renewed, 1, paid(renewed, 1))).toBe("review");
    expect(moveFor(renewed, 1, paid(renewed, 1, { amount: Santim.parse(60_000) }))).toBe("confirm");
  });

  test("a capture beside the confirmed one is a duplicate, once for each checkout and each reference", () => {
    const renewed = open(renew(anOpened(), closing, TERMS, aLease(), later), "me", CHECKOUT_URL, later);
    const once = account(renewed, "confirm", 1, paid(renewed, 1), later);
    expect(moveFor(once, 1, paid(once, 1))).toBeNull();
    expect(moveFor(once, 0, paid(once, 0))).toBe("duplicate");
    expect(moveFor(once, 0, paid(once, 0, { amount: Santim.parse(1) }))).toBe("duplicate");
    const twice = account(once, "duplicate", 0, paid(once, 0), later);
    expect(moveFor(twice, 0, paid(twice, 0))).toBeNull();
    expect(moveFor(twice, 0, paid(twice, 0, { reference: "ANOTHER" }))).toBe("duplicate");
    expect(moveFor(twice, 0, paid(twice, 0, { reference: undefined }))).toBeNull();
  });

  test("money without a row of ours, or on an attempt that we never began, is an orphan", () => {
    const payment = anOpened();
    expect(moveFor(undefined, 0, paid(payment))).toBe("orphan");
    expect(moveFor(payment, 7, paid(payment, 7))).toBe("orphan");
    const orphan = adoptOrphan(payment.ref, 7, paid(payment, 7), TERMS, later);
    expect(moveFor(orphan, 7, paid(payment, 7))).toBeNull();
    const known = account(payment, "orphan", 7, paid(payment, 7), later);
    expect(moveFor(known, 7, paid(known, 7))).toBeNull();
  });

  test("what a person has decided is not brought up again by the same evidence", () => {
    const opened = anOpened();
    const odd = paid(opened, 0, { amount: Santim.parse(1) });
    const review = account(opened, "review", 0, odd, later);
    expect(moveFor(review, 0, odd)).toBeNull();
    expect(moveFor({ ...review, state: "FAILED" }, 0, odd)).toBeNull();
    const rejected = { ...review, state: "FAILED" } as const;
    const others: Partial<PaidFacts>[] = [{ amount: Santim.parse(2) }, { currency: "USD" }, { mode: "live" }];
    for (const change of others)
      expect(moveFor(rejected, 0, paid(opened, 0, { ...odd.facts, ...change }))).toBe("review");
    expect(moveFor(rejected, 0, { says: "returned", how: "refunded", facts: odd.facts })).toBe("review");
  });

  test.each(["refunded", "reversed"] as const)("money that was %s is recorded where it was paid, and once", (how) => {
    for (const payment of everyState()) {
      const evidence: Evidence = { says: "returned", how, facts: factsOf(payment) };
      const known = payment.state === "SUCCESS" || payment.state === "REVIEW";
      expect(moveFor(payment, 0, evidence)).toBe(known ? "returned" : "review");
    }
    const opened = anOpened();
    const gone = account(opened, "review", 0, { says: "returned", how, facts: factsOf(opened) }, later);
    expect(moveFor(gone, 0, { says: "returned", how, facts: factsOf(opened) })).toBeNull();
  });
});

describe("money that went back", () => {
  test("is recorded even where nobody knew that it had come", () => {
    const opened = anOpened();
    const success = account(opened, "confirm", 0, paid(opened), later);
    const facts = { ...factsOf(opened), reference: "UNKNOWN" };
    expect(moveFor(success, 0, { says: "returned", how: "reversed", facts })).toBe("returned");
    expect(moveFor({ ...success, captures: [] }, 0, { says: "returned", how: "reversed", facts })).toBe("returned");
  });

  test("in another way than was known is recorded, too", () => {
    const opened = anOpened();
    const success = account(opened, "confirm", 0, paid(opened), later);
    const facts = factsOf(opened);
    const reversed = account(success, "returned", 0, { says: "returned", how: "reversed", facts }, later);
    expect(moveFor(reversed, 0, { says: "returned", how: "reversed", facts })).toBeNull();
    expect(moveFor(reversed, 0, { says: "returned", how: "refunded", facts })).toBe("returned");
  });
});

describe("what time makes due", () => {
  const timeout = T0 + 7 * DAY_MS;

  test.each(UNPAID)("an unpaid payment (%s) expires at its timeout and not before", (because) => {
    for (const payment of [aClaim(), anOpened()]) {
      if (because !== "failed") expect(moveDue(payment, 0, { because }, timeout - 1, POLICY)).toBeNull();
      expect(moveDue(payment, 0, { because }, timeout, POLICY)).toBe("expire");
    }
  });

  test("the timeout counts from the latest attempt", () => {
    const renewed = renew(anOpened(), closing, TERMS, aLease(), anAct(T0 + 3 * DAY_MS));
    expect(moveDue(renewed, 0, { because: "pending" }, timeout, POLICY)).toBeNull();
    expect(moveDue(renewed, 0, { because: "pending" }, timeout + 3 * DAY_MS, POLICY)).toBe("expire");
  });

  test("a failed try settles a payment only when its window is over", () => {
    const payment = anOpened();
    expect(moveDue(payment, 0, { because: "failed" }, T0 + 59 * MINUTE_MS, POLICY)).toBeNull();
    expect(moveDue(payment, 0, { because: "failed" }, T0 + 60 * MINUTE_MS, POLICY)).toBe("fail");
    expect(moveDue(payment, 0, { because: "pending" }, T0 + 60 * MINUTE_MS, POLICY)).toBeNull();
  });

  test("a failed try on a checkout that was left says nothing about the one that is open", () => {
    const renewed = open(renew(anOpened(), closing, TERMS, aLease(), later), "me", CHECKOUT_URL, later);
    expect(moveDue(renewed, 0, { because: "failed" }, T0 + 4 * HOUR_MS, POLICY)).toBeNull();
  });

  test("a payment past its window with no attempt left fails", () => {
    const worn = { ...anOpened(), attempt: 1023, attempts: { 1023: { ...TERMS, openedAt: T0 } } };
    expect(moveDue(worn, 1023, { because: "pending" }, T0 + 60 * MINUTE_MS, POLICY)).toBe("fail");
  });

  test("a settled payment is sealed at its time, once, and never where nobody hears of it", () => {
    const expired = settleUnpaid(anOpened(), "expire", closing, anAct(timeout));
    expect(moveDue(expired, 0, { because: "pending" }, timeout, POLICY)).toBeNull();
    expect(moveDue(expired, 0, { because: "pending" }, timeout + HOUR_MS, POLICY)).toBe("seal");
    expect(moveDue({ ...expired, sealed: true }, 0, { because: "pending" }, timeout + DAY_MS, POLICY)).toBeNull();
    const quiet = { ...POLICY, listingHearsFailed: false };
    expect(moveDue(expired, 0, { because: "pending" }, timeout + DAY_MS, quiet)).toBeNull();
  });

  test("a payment is not sealed while another of its checkouts has not been looked at since it was left", () => {
    // The payer's money for the first checkout was under way when it was renewed; its look an hour later got no answer.
    const renewed = open(renew(anOpened(), closing, TERMS, aLease(), later), "me", CHECKOUT_URL, later);
    const expired = settleUnpaid(renewed, "expire", { ...closing, attempt: 1 }, anAct(timeout + 2 * HOUR_MS));
    const sealing = timeout + 3 * HOUR_MS;
    expect(moveDue(expired, 1, { because: "not_found" }, sealing, POLICY)).toBeNull();
    expect(moveDue(expired, 0, { because: "pending" }, sealing - 1, POLICY)).toBeNull();

    const firstFound = looked(expired, 0, { says: "unpaid", because: "pending" }, anAct(sealing));
    expect(moveDue(firstFound, 1, { because: "not_found" }, sealing, POLICY)).toBe("seal");
  });

  test("however a payment was settled unpaid, it is sealed at its time", () => {
    for (const move of ["fail", "expire", "cancel"] as const) {
      const settled = settleUnpaid(anOpened(), move, closing, anAct(T0 + 2 * HOUR_MS));
      expect(moveDue(settled, 0, { because: "pending" }, timeout - 1, POLICY)).toBeNull();
      expect(moveDue(settled, 0, { because: "pending" }, timeout, POLICY)).toBe("seal");
    }
  });

  test("money makes nothing due", () => {
    const opened = anOpened();
    const success = account(opened, "confirm", 0, paid(opened), later);
    const review = account(opened, "review", 0, paid(opened), later);
    for (const payment of [success, review]) {
      expect(moveDue(payment, 0, { because: "pending" }, timeout + 99 * DAY_MS, POLICY)).toBeNull();
    }
  });
});
