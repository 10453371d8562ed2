import { expect, test } from "vitest";
import { Ref } from "../../lib/domain/ids.ts";
import {
  contactKey,
  DUE_SHARDS,
  dayBuckets,
  dayKey,
  findingsKey,
  foreignKey,
  gatewayHealthKey,
  messageMarkKey,
  notificationPauseKey,
  paymentKey,
  pointerKey,
  reconcileKey,
  refundLimitKey,
  requestKey,
  shardOf,
  tableIdentityKey,
  totalsKey,
  versionMarkKey,
} from "../../lib/table/keys.ts";
import { aRef, T0 } from "../support/payments.ts";

const REF = Ref.parse("G85FR23GHWFN3DNF");

test("keys stay as they are in existing rows, and no two kinds of rows share one", () => {
  const keys = [
    paymentKey(REF),
    requestKey("ab12"),
    contactKey(REF),
    reconcileKey,
    gatewayHealthKey,
    tableIdentityKey,
    totalsKey("2026-11-24"),
    pointerKey("AP1"),
    foreignKey("AP1"),
    findingsKey,
    notificationPauseKey,
    refundLimitKey("abebe", "2026-11-24"),
    versionMarkKey(REF, 3),
    messageMarkKey(REF, 3, "paid"),
  ];
  expect(keys.map(({ pk }) => pk)).toEqual([
    `P#${REF}`,
    "R#ab12",
    `C#${REF}`,
    "H#reconcile",
    "H#chapa",
    "H#table",
    "T#2026-11-24",
    "X#AP1",
    "F#AP1",
    "H#findings",
    "H#notification",
    "L#abebe#2026-11-24",
    `N#${REF}#3`,
    `N#${REF}#3#paid`,
  ]);
});

test("keys spread payments over all buckets, each payment always in the same one", () => {
  expect(shardOf(REF)).toBe("2");
  const shards = Array.from({ length: 400 }, () => shardOf(aRef()));
  for (const shard of DUE_SHARDS) expect(shards.filter((one) => one === shard).length).toBeGreaterThan(40);
  expect(new Set(shards)).toEqual(new Set(DUE_SHARDS));
});

test("the keys of a day name the day in Addis Ababa and the bucket, and all of its buckets are known", () => {
  const lateEvening = Date.UTC(2026, 10, 24, 21);
  expect(dayKey(REF, lateEvening)).toBe("2026-11-25#2");
  expect(dayBuckets("2026-11-25")).toEqual(["2026-11-25#0", "2026-11-25#1", "2026-11-25#2", "2026-11-25#3"]);
  const ref = aRef();
  expect(dayBuckets("2026-11-24")).toContain(dayKey(ref, T0));
});
