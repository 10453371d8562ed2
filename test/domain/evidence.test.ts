import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Evidence, moveDue, moveFor, type PaidFacts } from "../../lib/domain/evidence.ts";
import { Santim } from "../../lib/domain/money.ts";
import { account, adoptOrphan, looked, open, renew } from "../../lib/domain/moves.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import { STATES } from "../../lib/domain/transitions.ts";
import {
  aClaim,
  aConfirmed,
  aLease,
  anAct,
  anOpened,
  aPaymentIn,
  aRenewed,
  aReturn,
  aReviewed,
  aSettled,
  aSuccess,
  CHECKOUT_URL,
  CLOSED,
  LATER,
  POLICY,
  T0,
  TERMS,
  UNPAID_MOVES,
} from "../support/payments.ts";

const SILENCES = ["unreachable", "busy", "misconfigured", "unreadable"] as const;
const UNPAID = ["pending", "failed", "not_found"] as const;
const proofless: Evidence[] = [
  ...SILENCES.map((silence) => ({ says: "nothing", silence }) as const),
  ...UNPAID.map((because) => ({ says: "unpaid", because }) as const),
];

const everyState = () => STATES.map(aPaymentIn);

describe("what evidence justifies", () => {
  test.each(proofless)("%j moves no payment, whatever its state", (evidence) => {
    for (const payment of everyState()) expect(moveFor(payment, 0, evidence)).toBeNull();
    expect(moveFor(undefined, 0, evidence)).toBeNull();
  });

  test("a success that equals what was opened confirms every payment that is not a success yet", () => {
    for (const payment of everyState()) {
      expect(moveFor(payment, 0, aSuccess(payment))).toBe(payment.state === "SUCCESS" ? null : "confirm");
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
      expect(moveFor(payment, 0, aSuccess(payment, 0, change))).toBe("review");
    }
  });

  test("any reported amount but the agreed one leads to a review", () => {
    const payment = anOpened();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000_000 }), (value) => {
        const amount = Santim.parse(value);
        expect(moveFor(payment, 0, aSuccess(payment, 0, { amount }))).toBe(value === 50_000 ? "confirm" : "review");
      }),
    );
  });

  test("an older checkout is compared with what it was opened for, not with today's price", () => {
    const dearer = { ...TERMS, amount: Santim.parse(60_000) };
    const renewed = open(renew(anOpened(), CLOSED, dearer, aLease(), LATER), "me", CHECKOUT_URL, LATER);
    expect(moveFor(renewed, 0, aSuccess(renewed))).toBe("confirm");
    expect(moveFor(renewed, 1, aSuccess(renewed, 1))).toBe("review");
    expect(moveFor(renewed, 1, aSuccess(renewed, 1, { amount: Santim.parse(60_000) }))).toBe("confirm");
  });

  test("a capture beside the confirmed one is a duplicate, once for each checkout and each reference", () => {
    const renewed = aRenewed();
    const once = aConfirmed(renewed, 1);
    expect(moveFor(once, 1, aSuccess(once, 1))).toBeNull();
    expect(moveFor(once, 0, aSuccess(once))).toBe("duplicate");
    expect(moveFor(once, 0, aSuccess(once, 0, { amount: Santim.parse(1) }))).toBe("duplicate");
    const twice = account(once, "duplicate", 0, aSuccess(once), LATER);
    expect(moveFor(twice, 0, aSuccess(twice))).toBeNull();
    expect(moveFor(twice, 0, aSuccess(twice, 0, { reference: "ANOTHER" }))).toBe("duplicate");
    expect(moveFor(twice, 0, aSuccess(twice, 0, { reference: undefined }))).toBeNull();
  });

  test("money without a row of ours, or on an attempt that we never began, is an orphan", () => {
    const payment = anOpened();
    expect(moveFor(undefined, 0, aSuccess(payment))).toBe("orphan");
    expect(moveFor(payment, 7, aSuccess(payment, 7))).toBe("orphan");
    const orphan = adoptOrphan(payment.ref, 7, aSuccess(payment, 7), TERMS, LATER);
    expect(moveFor(orphan, 7, aSuccess(payment, 7))).toBeNull();
    const known = account(payment, "orphan", 7, aSuccess(payment, 7), LATER);
    expect(moveFor(known, 7, aSuccess(known, 7))).toBeNull();
  });

  test("what a person has decided is not brought up again by the same evidence", () => {
    const opened = anOpened();
    const odd = aSuccess(opened, 0, { amount: Santim.parse(1) });
    const review = account(opened, "review", 0, odd, LATER);
    expect(moveFor(review, 0, odd)).toBeNull();
    expect(moveFor({ ...review, state: "FAILED" }, 0, odd)).toBeNull();
    const rejected = { ...review, state: "FAILED" } as const;
    const others: Partial<PaidFacts>[] = [{ amount: Santim.parse(2) }, { currency: "USD" }, { mode: "live" }];
    for (const change of others)
      expect(moveFor(rejected, 0, aSuccess(opened, 0, { ...odd.facts, ...change }))).toBe("review");
    expect(moveFor(rejected, 0, aReturn("refunded", odd))).toBe("review");
  });

  test.each(["refunded", "reversed"] as const)("money that was %s is recorded where it was paid, and once", (how) => {
    for (const payment of everyState()) {
      const evidence: Evidence = aReturn(how, aSuccess(payment));
      const known = payment.state === "SUCCESS" || payment.state === "REVIEW";
      expect(moveFor(payment, 0, evidence)).toBe(known ? "returned" : "review");
    }
    const opened = anOpened();
    const gone = account(opened, "review", 0, aReturn(how, aSuccess(opened)), LATER);
    expect(moveFor(gone, 0, aReturn(how, aSuccess(opened)))).toBeNull();
  });
});

describe("money that went back", () => {
  test("is recorded even where nobody knew that it had come", () => {
    const opened = anOpened();
    const success = aConfirmed(opened);
    const unknown = aReturn("reversed", aSuccess(opened, 0, { reference: "UNKNOWN" }));
    expect(moveFor(success, 0, unknown)).toBe("returned");
    expect(moveFor({ ...success, captures: [] }, 0, unknown)).toBe("returned");
  });

  test("in another way than was known is recorded, too", () => {
    const opened = anOpened();
    const success = aConfirmed(opened);
    const back = aReturn("reversed", aSuccess(opened));
    const reversed = account(success, "returned", 0, back, LATER);
    expect(moveFor(reversed, 0, back)).toBeNull();
    expect(moveFor(reversed, 0, aReturn("refunded", aSuccess(opened)))).toBe("returned");
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
    const renewed = renew(anOpened(), CLOSED, TERMS, aLease(), anAct(T0 + 3 * DAY_MS));
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
    const renewed = aRenewed();
    expect(moveDue(renewed, 0, { because: "failed" }, T0 + 4 * HOUR_MS, POLICY)).toBeNull();
  });

  test("a payment past its window with no attempt left fails", () => {
    const worn = { ...anOpened(), attempt: 1023, attempts: { 1023: { ...TERMS, openedAt: T0 } } };
    expect(moveDue(worn, 1023, { because: "pending" }, T0 + 60 * MINUTE_MS, POLICY)).toBe("fail");
  });

  test("a settled payment is sealed at its time, once, and never where nobody hears of it", () => {
    const expired = aSettled("expire", anOpened(), anAct(timeout));
    expect(moveDue(expired, 0, { because: "pending" }, timeout, POLICY)).toBeNull();
    expect(moveDue(expired, 0, { because: "pending" }, timeout + HOUR_MS, POLICY)).toBe("seal");
    expect(moveDue({ ...expired, sealed: true }, 0, { because: "pending" }, timeout + DAY_MS, POLICY)).toBeNull();
    const quiet = { ...POLICY, listingHearsFailed: false };
    expect(moveDue(expired, 0, { because: "pending" }, timeout + DAY_MS, quiet)).toBeNull();
  });

  test("a payment is not sealed while another of its checkouts has not been looked at since it was left", () => {
    // The payer's money for the first checkout was under way when it was renewed; its look an hour later got no answer.
    const renewed = aRenewed();
    const expired = aSettled("expire", renewed, anAct(timeout + 2 * HOUR_MS));
    const sealing = timeout + 3 * HOUR_MS;
    expect(moveDue(expired, 1, { because: "not_found" }, sealing, POLICY)).toBeNull();
    expect(moveDue(expired, 0, { because: "pending" }, sealing - 1, POLICY)).toBeNull();

    const firstFound = looked(expired, 0, { says: "unpaid", because: "pending" }, anAct(sealing));
    expect(moveDue(firstFound, 1, { because: "not_found" }, sealing, POLICY)).toBe("seal");
  });

  test("however a payment was settled unpaid, it is sealed at its time", () => {
    for (const move of UNPAID_MOVES) {
      const settled = aSettled(move, anOpened(), LATER);
      expect(moveDue(settled, 0, { because: "pending" }, timeout - 1, POLICY)).toBeNull();
      expect(moveDue(settled, 0, { because: "pending" }, timeout, POLICY)).toBe("seal");
    }
  });

  test("money makes nothing due", () => {
    const opened = anOpened();
    const success = aConfirmed(opened);
    const review = aReviewed(opened);
    for (const payment of [success, review]) {
      expect(moveDue(payment, 0, { because: "pending" }, timeout + 99 * DAY_MS, POLICY)).toBeNull();
    }
  });
});
