import { expect, test } from "vitest";
import { listPayments, spanOf } from "../../lib/flows/list-payments.ts";
import { dayBuckets } from "../../lib/table/keys.ts";
import { T0 } from "../support/payments.ts";

test.each([
  [undefined, "9999-12-31T23:59:59.999-23:59"],
  [undefined, "9999-12-31T23:00:00Z"],
  [undefined, "0000-01-02"],
  ["0000-01-01", "0000-01-01"],
  ["0000-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"],
  ["9999-12-31", "0000-01-01"],
])("a list from %s to %s reads existing days only, and causes no fault of ours", async (from, to) => {
  const asked: number[] = [];
  const ports = {
    payments: {
      openedByUser: async () => [],
      openedForProperty: async () => [],
      flagged: async () => [],
      findAll: async () => ({ payments: [], unreadable: [] }),
      openedOnDay: async (bucket: string, span: { from: number; to: number }) => {
        expect(bucket).toMatch(/^\d{4}-\d\d-\d\d#\d$/);
        asked.push(span.from, span.to);
        return [];
      },
    },
    bucketsOf: dayBuckets,
    flagShards: [],
  };
  const command = {
    userId: undefined,
    status: undefined,
    span: spanOf(from, to, T0, false),
    limit: 20,
    after: undefined,
  };
  expect((await listPayments(ports, command)).payments).toEqual([]);
  expect(asked.every(Number.isSafeInteger)).toBe(true);
});
