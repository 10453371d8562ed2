import { expect, test } from "vitest";
import type { VerifyResult } from "../../lib/domain/evidence.ts";
import { checkoutRefOf } from "../../lib/domain/ids.ts";
import type { Attempt, Payment } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import { comesBackAfter, type ResolvePorts, resolve } from "../../lib/flows/resolve.ts";
import { log } from "../../lib/runtime/logger.ts";
import {
  aConfirmed,
  anOpened,
  aRenewed,
  aReviewed,
  captured,
  differing,
  KEY,
  LATER,
  moneyOn,
  POLICY,
  T0,
} from "../support/payments.ts";

const NOW = T0 + 10 * MINUTE_MS;
const UNPAID = { kind: "unpaid", reason: "pending" } as const;
const SILENT = { kind: "unavailable", reason: "unreachable" } as const;

/** One verification of a payment that was last looked at `ago` milliseconds before now. */
function verifyAt(ago: number, trigger: "webhook" | "reconcile") {
  return verification({ ...anOpened(), verifiedAt: NOW - ago }, trigger, 0);
}

/** One verification, whose answer takes `tookMs`. */
async function verification(payment: Payment, trigger: "webhook" | "reconcile", tookMs: number) {
  let now = NOW;
  const verify = async () => {
    now += tookMs;
    return UNPAID;
  };
  return resolve(
    portsOf(payment, () => now, verify),
    checkoutRefOf(payment, 0),
    trigger,
    NOW + MINUTE_MS,
  );
}

function portsOf(payment: Payment | undefined, now: () => number, verify: () => Promise<VerifyResult>): ResolvePorts {
  return {
    payments: {
      find: async () => payment,
      create: async (wanted) => ({ won: true, payment: wanted }),
      save: async (_, after) => ({ won: true, payment: after }),
      point: async () => undefined,
    },
    chapa: {
      verify,
      cancel: async () => "closed",
      current: async () => ({ key: KEY, mode: "test" }),
    },
    policy: POLICY,
    clock: { now },
    log,
    count: () => undefined,
  };
}

test("a payment is verified once in five seconds, and an early caller is told how long to wait", async () => {
  expect(await verifyAt(SECOND_MS, "webhook")).toMatchObject({ kind: "suppressed", afterMs: 4 * SECOND_MS });
  expect(await verifyAt(5 * SECOND_MS, "webhook")).toMatchObject({ kind: "verified" });
});

test("no caller waits for hours because a clock was ahead at the last verification", async () => {
  expect(await verifyAt(-2 * HOUR_MS, "webhook")).toMatchObject({ kind: "verified" });
  expect(await verifyAt(-SECOND_MS, "reconcile")).toMatchObject({ kind: "verified" });
});

// Found in a million runs: a verification that slept over the date of the last one counted for it, and money stayed
// unknown.
test("a verification counts from when Chapa was asked, and one that falls due meanwhile is not lost", async () => {
  const opened = anOpened();
  const closedAt = NOW - 7 * DAY_MS + SECOND_MS;
  const last = { ...opened.attempts[0], closedAt, verifyAt: NOW + SECOND_MS } as Attempt;
  const left: Payment = { ...opened, state: "CANCELLED", settledAt: closedAt, attempts: { 0: last } };
  const verificationEnded = await verification(left, "webhook", 3 * SECOND_MS);
  expect(verificationEnded).toMatchObject({
    kind: "verified",
    payment: { verifiedAt: NOW, attempts: { 0: { verifyAt: NOW + SECOND_MS } }, dueAt: NOW + SECOND_MS },
  });
});

test("a webhook of a checkout without a row comes back while Chapa is silent, first after a minute, later after six hours", async () => {
  const known = checkoutRefOf(anOpened(), 0);
  const webhook = (answer: VerifyResult) =>
    resolve(
      portsOf(
        undefined,
        () => NOW,
        async () => answer,
      ),
      known,
      "webhook",
      NOW + MINUTE_MS,
    );
  const unanswered = await webhook(SILENT);
  expect([1, 2, 3, 13].map((receives) => comesBackAfter(unanswered, receives))).toEqual([60, 120, 240, 21_600]);
  expect(comesBackAfter(await webhook(UNPAID), 1)).toBeUndefined();
  expect(comesBackAfter(await verifyAt(MINUTE_MS, "webhook"), 1)).toBeUndefined();
});

// Found in seeded runs: the payer was told CANCELLED, or EXPIRED, while an earlier checkout may have been paid.
test.each([{ lastRead: "maybe_money" as const }, { webhookAt: T0 }])(
  "a payment does not expire while Chapa has spoken of money on an earlier checkout: %o",
  async (spoken) => {
    const renewed = aRenewed();
    const payment: Payment = {
      ...renewed,
      attempts: { ...renewed.attempts, 0: { ...renewed.attempts[0], ...spoken } as Attempt },
    };
    const late = renewed.beganAt + POLICY.timeoutMs + MINUTE_MS;
    const after = (of: Payment) =>
      resolve(
        portsOf(
          of,
          () => late,
          async () => UNPAID,
        ),
        checkoutRefOf(of, of.attempt),
        "webhook",
        late + MINUTE_MS,
      );
    expect(await after(renewed)).toMatchObject({ payment: { state: "EXPIRED" } });
    expect(await after(payment)).toMatchObject({ payment: { state: renewed.state } });
  },
);

test("a success that Chapa said before the row knew of a reversal does not bring the money back", async () => {
  const paid = aConfirmed();
  const reversed = captured(paid, "wentBack", moneyOn(paid, 0, { kind: "reversed" }));
  const again = captured(reversed, "capturedAgain", moneyOn(paid));
  const newer = captured(again, "wentBack", moneyOn(paid, 0, { kind: "reversed" }));
  const ports = portsOf(
    reversed,
    () => LATER.now + MINUTE_MS,
    async () => moneyOn(paid),
  );
  let saves = 0;
  // Another verification has recorded the newer reversal meanwhile.
  ports.payments.save = async () => ({ won: ++saves > 1, payment: newer });
  const resolved = await resolve(ports, checkoutRefOf(paid, 0), "manual", LATER.now + 2 * MINUTE_MS);
  expect(resolved).toMatchObject({ kind: "verified", payment: { version: newer.version } });
  expect(saves).toBe(1);
});

// Found by the simulation: such a payment was verified every hour for ever, and the listing never heard of it.
test("a payment with money that a person did not accept is finalised when it is time", async () => {
  const now = T0 + POLICY.listingFailedAfterMs + DAY_MS;
  const reviewed = aReviewed();
  const rejected: Payment = { ...reviewed, state: "FAILED", settledAt: T0 + DAY_MS };
  const money = differing(moneyOn(rejected));
  const ports = portsOf(
    rejected,
    () => now,
    async () => money,
  );
  const resolved = await resolve(ports, checkoutRefOf(rejected, 0), "webhook", now + MINUTE_MS);
  expect(resolved).toMatchObject({ payment: { state: "FAILED", finalised: true } });
});
