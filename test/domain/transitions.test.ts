import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { adoptUnmatched, applyCapture, open, renew, settleUnpaid } from "../../lib/domain/apply.ts";
import type { Money, PaidFacts } from "../../lib/domain/evidence.ts";
import { txRefOf } from "../../lib/domain/ids.ts";
import { Santim } from "../../lib/domain/money.ts";
import { noteVerification } from "../../lib/domain/notes.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import { transitionDue, transitionForMoney } from "../../lib/domain/transitions.ts";
import { UNPAID_REASONS } from "../../lib/domain/vocabulary.ts";
import {
  aClaim,
  aContext,
  aLease,
  anOpened,
  CHECKOUT_URL,
  differing,
  POLICY,
  T0,
  TERMS,
  timedOut,
} from "../support/payments.ts";

const closing = { attempt: 0, found: "failed", cancel: "closed" } as const;
const later = aContext(T0 + 2 * HOUR_MS);

const factsOf = (payment: Payment, attempt = 0): PaidFacts => ({
  ...TERMS,
  txRef: txRefOf(payment.ref, attempt),
  reference: `AP${attempt}`,
});
const paid = (payment: Payment, attempt = 0, change: Partial<PaidFacts> = {}): Money => ({
  kind: "paid",
  facts: { ...factsOf(payment, attempt), ...change },
});

function everyState(): Payment[] {
  const opened = anOpened();
  return [
    aClaim(),
    opened,
    applyCapture(opened, "confirm", { attempt: 0, result: paid(opened) }, later),
    applyCapture(opened, "review", { attempt: 0, result: differing(paid(opened)) }, later),
    settleUnpaid(opened, "fail", closing, later),
    settleUnpaid(opened, "expire", closing, timedOut(later)),
    settleUnpaid(opened, "cancel", closing, later),
  ];
}

describe("what evidence justifies", () => {
  test("a success that equals what was opened confirms every payment that is not a success yet", () => {
    for (const payment of everyState()) {
      expect(transitionForMoney(payment, { attempt: 0, result: paid(payment) }, later)).toBe(
        payment.state === "SUCCESS" ? undefined : "confirm",
      );
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
      expect(transitionForMoney(payment, { attempt: 0, result: paid(payment, 0, change) }, later)).toBe("review");
    }
  });

  test("any reported amount but the agreed one leads to a review", () => {
    const payment = anOpened();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000_000 }), (value) => {
        const amount = Santim.parse(value);
        expect(transitionForMoney(payment, { attempt: 0, result: paid(payment, 0, { amount }) }, later)).toBe(
          value === 50_000 ? "confirm" : "review",
        );
      }),
    );
  });

  test("an older checkout is compared with what it was opened for, not with today's price", () => {
    const dearer = { ...TERMS, amount: Santim.parse(60_000) };
    const renewed = open(
      renew(anOpened(), closing, { terms: dearer, lease: aLease() }, later),
      "me",
      CHECKOUT_URL,
      later,
    );
    expect(transitionForMoney(renewed, { attempt: 0, result: paid(renewed, 0) }, later)).toBe("confirm");
    expect(transitionForMoney(renewed, { attempt: 1, result: paid(renewed, 1) }, later)).toBe("review");
    expect(
      transitionForMoney(renewed, { attempt: 1, result: paid(renewed, 1, { amount: Santim.parse(60_000) }) }, later),
    ).toBe("confirm");
  });

  test("a capture beside the confirmed one is a duplicate, once for each checkout and each reference", () => {
    const renewed = open(
      renew(anOpened(), closing, { terms: TERMS, lease: aLease() }, later),
      "me",
      CHECKOUT_URL,
      later,
    );
    const once = applyCapture(renewed, "confirm", { attempt: 1, result: paid(renewed, 1) }, later);
    expect(transitionForMoney(once, { attempt: 1, result: paid(once, 1) }, later)).toBeUndefined();
    expect(transitionForMoney(once, { attempt: 0, result: paid(once, 0) }, later)).toBe("duplicate");
    expect(transitionForMoney(once, { attempt: 0, result: paid(once, 0, { amount: Santim.parse(1) }) }, later)).toBe(
      "duplicate",
    );
    const twice = applyCapture(once, "duplicate", { attempt: 0, result: paid(once, 0) }, later);
    expect(transitionForMoney(twice, { attempt: 0, result: paid(twice, 0) }, later)).toBeUndefined();
    expect(transitionForMoney(twice, { attempt: 0, result: paid(twice, 0, { reference: "ANOTHER" }) }, later)).toBe(
      "duplicate",
    );
    expect(
      transitionForMoney(twice, { attempt: 0, result: paid(twice, 0, { reference: undefined }) }, later),
    ).toBeUndefined();
  });

  test("money without a row of ours, or on an attempt that we never began, is an unmatched capture", () => {
    const payment = anOpened();
    expect(transitionForMoney(payment, { attempt: 7, result: paid(payment, 7) }, later)).toBe("unmatched");
    const unmatched = adoptUnmatched(payment.ref, { attempt: 7, result: paid(payment, 7) }, TERMS, later);
    expect(transitionForMoney(unmatched, { attempt: 7, result: paid(payment, 7) }, later)).toBeUndefined();
    const known = applyCapture(payment, "unmatched", { attempt: 7, result: paid(payment, 7) }, later);
    expect(transitionForMoney(known, { attempt: 7, result: paid(known, 7) }, later)).toBeUndefined();
  });

  test("what a person has decided is not brought up again by the same evidence", () => {
    const opened = anOpened();
    const odd = paid(opened, 0, { amount: Santim.parse(1) });
    const review = applyCapture(opened, "review", { attempt: 0, result: odd }, later);
    expect(transitionForMoney(review, { attempt: 0, result: odd }, later)).toBeUndefined();
    expect(transitionForMoney({ ...review, state: "FAILED" }, { attempt: 0, result: odd }, later)).toBeUndefined();
    const rejected = { ...review, state: "FAILED" } as const;
    const others: Partial<PaidFacts>[] = [{ amount: Santim.parse(2) }, { currency: "USD" }, { mode: "live" }];
    for (const change of others)
      expect(
        transitionForMoney(rejected, { attempt: 0, result: paid(opened, 0, { ...odd.facts, ...change }) }, later),
      ).toBe("review");
    expect(transitionForMoney(rejected, { attempt: 0, result: { kind: "refunded", facts: odd.facts } }, later)).toBe(
      "review",
    );
  });

  test.each(["refunded", "reversed"] as const)("money that was %s is recorded where it was paid, and once", (how) => {
    for (const payment of everyState()) {
      const evidence: Money = { kind: how, facts: factsOf(payment) };
      const known = payment.state === "SUCCESS" || payment.state === "REVIEW";
      expect(transitionForMoney(payment, { attempt: 0, result: evidence }, later)).toBe(known ? "reversal" : "review");
    }
    const opened = anOpened();
    const gone = applyCapture(opened, "review", { attempt: 0, result: { kind: how, facts: factsOf(opened) } }, later);
    expect(
      transitionForMoney(gone, { attempt: 0, result: { kind: how, facts: factsOf(opened) } }, later),
    ).toBeUndefined();
  });
});

describe("money that went back", () => {
  test("is recorded even where nobody knew that it had come", () => {
    const opened = anOpened();
    const success = applyCapture(opened, "confirm", { attempt: 0, result: paid(opened) }, later);
    const facts = { ...factsOf(opened), reference: "UNKNOWN" };
    expect(transitionForMoney(success, { attempt: 0, result: { kind: "reversed", facts } }, later)).toBe("reversal");
    expect(
      transitionForMoney({ ...success, captures: [] }, { attempt: 0, result: { kind: "reversed", facts } }, later),
    ).toBe("reversal");
  });

  test("in another way than was known is recorded, too", () => {
    const opened = anOpened();
    const success = applyCapture(opened, "confirm", { attempt: 0, result: paid(opened) }, later);
    const facts = factsOf(opened);
    const reversed = applyCapture(success, "reversal", { attempt: 0, result: { kind: "reversed", facts } }, later);
    expect(transitionForMoney(reversed, { attempt: 0, result: { kind: "reversed", facts } }, later)).toBeUndefined();
    expect(transitionForMoney(reversed, { attempt: 0, result: { kind: "refunded", facts } }, later)).toBe("reversal");
  });
});

describe("what time makes due", () => {
  const timeout = T0 + 7 * DAY_MS;

  test.each(UNPAID_REASONS)("an unpaid payment (%s) expires at its timeout and not before", (reason) => {
    for (const payment of [aClaim(), anOpened()]) {
      if (reason !== "failed")
        expect(
          transitionDue(payment, { attempt: 0, found: reason }, { now: timeout - 1, by: "test", policy: POLICY }),
        ).toBeUndefined();
      expect(transitionDue(payment, { attempt: 0, found: reason }, { now: timeout, by: "test", policy: POLICY })).toBe(
        "expire",
      );
    }
  });

  test("the timeout counts from the latest attempt", () => {
    const renewed = renew(anOpened(), closing, { terms: TERMS, lease: aLease() }, aContext(T0 + 3 * DAY_MS));
    expect(
      transitionDue(renewed, { attempt: 0, found: "pending" }, { now: timeout, by: "test", policy: POLICY }),
    ).toBeUndefined();
    expect(
      transitionDue(
        renewed,
        { attempt: 0, found: "pending" },
        { now: timeout + 3 * DAY_MS, by: "test", policy: POLICY },
      ),
    ).toBe("expire");
  });

  test("a failed try settles a payment only when its window is over", () => {
    const payment = anOpened();
    expect(
      transitionDue(payment, { attempt: 0, found: "failed" }, { now: T0 + 59 * MINUTE_MS, by: "test", policy: POLICY }),
    ).toBeUndefined();
    expect(
      transitionDue(payment, { attempt: 0, found: "failed" }, { now: T0 + 60 * MINUTE_MS, by: "test", policy: POLICY }),
    ).toBe("fail");
    expect(
      transitionDue(
        payment,
        { attempt: 0, found: "pending" },
        { now: T0 + 60 * MINUTE_MS, by: "test", policy: POLICY },
      ),
    ).toBeUndefined();
  });

  test("a failed try on a checkout that was left says nothing about the one that is open", () => {
    const renewed = open(
      renew(anOpened(), closing, { terms: TERMS, lease: aLease() }, later),
      "me",
      CHECKOUT_URL,
      later,
    );
    expect(
      transitionDue(renewed, { attempt: 0, found: "failed" }, { now: T0 + 4 * HOUR_MS, by: "test", policy: POLICY }),
    ).toBeUndefined();
  });

  test("a payment past its window with no attempt left fails", () => {
    const worn = { ...anOpened(), attempt: 1023, attempts: { 1023: { ...TERMS, openedAt: T0 } } };
    expect(
      transitionDue(
        worn,
        { attempt: 1023, found: "pending" },
        { now: T0 + 60 * MINUTE_MS, by: "test", policy: POLICY },
      ),
    ).toBe("fail");
  });

  test("a settled payment is finalised at its time, once, and never where nobody hears of it", () => {
    const expired = settleUnpaid(anOpened(), "expire", closing, aContext(timeout));
    expect(
      transitionDue(expired, { attempt: 0, found: "pending" }, { now: timeout, by: "test", policy: POLICY }),
    ).toBeUndefined();
    expect(
      transitionDue(expired, { attempt: 0, found: "pending" }, { now: timeout + HOUR_MS, by: "test", policy: POLICY }),
    ).toBe("finalise");
    expect(
      transitionDue(
        { ...expired, finalised: true },
        { attempt: 0, found: "pending" },
        { now: timeout + DAY_MS, by: "test", policy: POLICY },
      ),
    ).toBeUndefined();
    const quiet = { ...POLICY, listingHearsFailed: false };
    expect(
      transitionDue(expired, { attempt: 0, found: "pending" }, { now: timeout + DAY_MS, by: "test", policy: quiet }),
    ).toBeUndefined();
  });

  test("a payment is not finalised while another of its checkouts has not been verified since it was left", () => {
    // The payer's money for the first checkout was under way when it was renewed; its verification an hour later got no
    // answer.
    const renewed = open(
      renew(anOpened(), closing, { terms: TERMS, lease: aLease() }, later),
      "me",
      CHECKOUT_URL,
      later,
    );
    const expired = settleUnpaid(renewed, "expire", { ...closing, attempt: 1 }, aContext(timeout + 2 * HOUR_MS));
    const finalising = timeout + 3 * HOUR_MS;
    expect(
      transitionDue(expired, { attempt: 1, found: "not_found" }, { now: finalising, by: "test", policy: POLICY }),
    ).toBeUndefined();
    expect(
      transitionDue(expired, { attempt: 0, found: "pending" }, { now: finalising - 1, by: "test", policy: POLICY }),
    ).toBeUndefined();

    const firstFound = noteVerification(expired, 0, { kind: "unpaid", reason: "pending" }, aContext(finalising));
    expect(
      transitionDue(firstFound, { attempt: 1, found: "not_found" }, { now: finalising, by: "test", policy: POLICY }),
    ).toBe("finalise");
  });

  test("however a payment was settled unpaid, it is finalised at its time", () => {
    for (const move of ["fail", "expire", "cancel"] as const) {
      const settled = settleUnpaid(anOpened(), move, closing, timedOut(aContext(T0 + 2 * HOUR_MS)));
      expect(
        transitionDue(settled, { attempt: 0, found: "pending" }, { now: timeout - 1, by: "test", policy: POLICY }),
      ).toBeUndefined();
      expect(
        transitionDue(settled, { attempt: 0, found: "pending" }, { now: timeout, by: "test", policy: POLICY }),
      ).toBe("finalise");
    }
  });

  test("money makes nothing due", () => {
    const opened = anOpened();
    const success = applyCapture(opened, "confirm", { attempt: 0, result: paid(opened) }, later);
    const review = applyCapture(opened, "review", { attempt: 0, result: differing(paid(opened)) }, later);
    for (const payment of [success, review]) {
      expect(
        transitionDue(
          payment,
          { attempt: 0, found: "pending" },
          { now: timeout + 99 * DAY_MS, by: "test", policy: POLICY },
        ),
      ).toBeUndefined();
    }
  });
});
