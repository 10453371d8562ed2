import { expect, test } from "vitest";
import type { Payment } from "../../lib/domain/payment.ts";
import { HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import { readOverview } from "../../lib/flows/read-overview.ts";
import { aConfirmed, anOpened, aReviewed, POLICY, T0 } from "../support/payments.ts";

const NOW = T0 + 3 * HOUR_MS;

function overviewOf(payments: Payment[], { ends, unreadable = 0 }: { ends?: number; unreadable?: number } = {}) {
  const keys = payments.map(({ ref, dueAt = NOW }) => ({ ref, at: dueAt }));
  return readOverview({
    payments: {
      due: async (_, __, limit) => keys.slice(0, limit),
      flagged: async () => [],
      findAll: async (refs) => ({
        payments: payments.filter(({ ref }) => refs.includes(ref)),
        unreadable: payments.slice(0, unreadable).map(({ ref, dueAt }) => ({ ref, dueAt })),
      }),
    },
    shards: ["0"],
    flagShards: ["0"],
    totals: { ofDays: async (days) => days.map((day) => ({ day, sums: undefined })) },
    gatewayHealth: { last: async () => undefined },
    pause: { end: async () => ends },
    stop: async () => ({ closed: undefined, facts: undefined }),
    clock: { now: () => NOW },
    policy: POLICY,
  });
}

test("the overview counts each kind of payment that waits, and since when its oldest does", async () => {
  const paid = aConfirmed();
  const [first, second, reviewed] = [anOpened(undefined, T0), anOpened(undefined, T0 - HOUR_MS), aReviewed()];
  const overview = await overviewOf([paid, first, second, reviewed]);
  expect(overview).toMatchObject({
    attention: { count: 1, codes: { mismatch: 1 } },
    undecided: { count: 2, since: second.beganAt },
    review: { count: 1, since: reviewed.captures[0]?.at },
    unacknowledged: { count: 1, since: paid.settledAt },
    isListingBehind: true,
    isWhole: true,
    chapa: { chapa: "unknown" },
  });
  expect(overview.days.map(({ day }) => day).at(-1)).toBe("2026-11-24");
  expect(overview.days).toHaveLength(24);
});

test("the overview shows what should have been done more than five minutes ago as overdue", async () => {
  const late = { ...anOpened(), dueAt: NOW - 6 * MINUTE_MS };
  const overview = await overviewOf([
    late,
    { ...anOpened(), dueAt: NOW - MINUTE_MS },
    { ...anOpened(), dueAt: undefined },
  ]);
  expect(overview.overdue).toEqual({ count: 1, since: late.dueAt });
});

test("the overview says if it did not count all, how many it cannot read, and until when payers get no message", async () => {
  const many = Array.from({ length: 201 }, () => anOpened());
  const full = await overviewOf(many, { ends: NOW + MINUTE_MS, unreadable: 2 });
  expect([full.isWhole, full.unreadable, full.refusedUntil]).toEqual([false, 2, NOW + MINUTE_MS]);
  const over = await overviewOf([anOpened()], { ends: NOW });
  expect([over.isWhole, over.unreadable, over.refusedUntil]).toEqual([true, 0, undefined]);
});
