import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answer, applyCapture, flag, reject, settleUnpaid, takeOver } from "../../lib/domain/apply.ts";
import { requestHash, Uuid } from "../../lib/domain/ids.ts";
import { Santim } from "../../lib/domain/money.ts";
import { leased, noteVerification } from "../../lib/domain/notes.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import { addisAbabaDay, DAY_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import type { ContactTable } from "../../lib/table/contacts.ts";
import { DUE_SHARDS, dayBuckets, FLAG_SHARDS, flagShardOf, shardOf } from "../../lib/table/keys.ts";
import { fromItem, toItem } from "../../lib/table/payment-item.ts";
import type { PaymentTable } from "../../lib/table/payments.ts";
import type { RequestTable } from "../../lib/table/requests.ts";
import type { TotalsTable } from "../../lib/table/totals.ts";
import {
  aClaim,
  aContext,
  aLease,
  anOpened,
  aRef,
  CLOSED_LISTING,
  CLOSING,
  FEE,
  moneyOn,
  NAMESPACE,
  T0,
  TERMS,
} from "./payments.ts";

export type Tables = {
  payments: PaymentTable;
  requests: RequestTable;
  contacts: ContactTable;
  totals: TotalsTable;
  /** The stored attributes of a key, as they are. */
  raw(pk: string): Promise<Record<string, unknown> | undefined>;
  close(): Promise<void>;
};

const paidOn = (payment: Payment) => moneyOn(payment, 0, { method: "telebirr" });

/** What every table engine must do; run against each that the project uses. */
export function tableContract(engine: string, start: () => Promise<Tables>): void {
  describe(`a table on ${engine}`, () => {
    let tables: Tables;
    beforeAll(async () => {
      tables = await start();
    });
    afterAll(() => tables.close());

    test("exactly one of any number of parallel claims of one fee wins, and all see the winner", async () => {
      const ref = aRef();
      const claims = Array.from({ length: 50 }, (_, n) => ({ ...aClaim(ref), lease: aLease(`caller-${n}`) }));
      const results = await Promise.all(claims.map((claim) => tables.payments.create(claim)));
      const winners = results.filter(({ won }) => won);
      expect(winners).toHaveLength(1);
      const holder = winners[0]?.payment.lease?.holder;
      expect(new Set(results.map(({ payment }) => payment.lease?.holder))).toEqual(new Set([holder]));
      expect((await tables.payments.find(ref))?.lease?.holder).toBe(holder);
    });

    test("a claim whose answer was lost is recognised as one's own when it is sent again", async () => {
      const claim = aClaim();
      await tables.payments.create(claim);
      expect(await tables.payments.create(claim)).toEqual({ won: true, payment: claim });
    });

    test("exactly one of parallel steps from one version is stored, and the others see it", async () => {
      const before = aClaim();
      await tables.payments.create(before);
      const moves = Array.from({ length: 20 }, (_, n) =>
        takeOver(
          { ...before, lease: aLease("gone", T0 - 1) },
          { terms: TERMS, lease: aLease(`taker-${n}`) },
          aContext(T0 + n),
        ),
      );
      const results = await Promise.all(moves.map((after) => tables.payments.save(before, after)));
      expect(results.filter(({ won }) => won)).toHaveLength(1);
      const stored = await tables.payments.find(before.ref);
      expect(stored?.version).toBe(2);
      for (const { payment } of results) expect(payment).toEqual(stored);
    });

    test("a step whose answer was lost is recognised as one's own when it is sent again", async () => {
      const before = aClaim();
      await tables.payments.create(before);
      const after = reject(before, "me", "it does not accept the amount", aContext(T0 + 1));
      await tables.payments.save(before, after);
      expect(await tables.payments.save(before, after)).toEqual({ won: true, payment: after });
    });

    test("a step from an old version is refused and shows what is stored", async () => {
      const before = anOpened();
      await tables.payments.create(before);
      const paid = applyCapture(before, "confirm", { attempt: 0, result: paidOn(before) }, aContext(T0 + 5));
      await tables.payments.save(before, paid);
      const cancelled = settleUnpaid(before, "cancel", CLOSING, aContext(T0 + 6));
      expect(await tables.payments.save(before, cancelled)).toEqual({ won: false, payment: paid });
      expect((await tables.payments.find(before.ref))?.state).toBe("SUCCESS");
    });

    test("a step on a row that is gone reports the row as gone", async () => {
      const before = aClaim();
      expect(await tables.payments.save(before, leased(before, aLease("me", T0 + 1)))).toEqual({
        won: false,
        payment: undefined,
      });
    });

    test("notes beside the version keep what other callers noted meanwhile", async () => {
      const before = anOpened();
      await tables.payments.create(before);
      await tables.payments.save(before, { ...before, sentAt: T0 + 7 });
      await tables.payments.save(before, noteVerification(before, 0, undefined, aContext(T0 + 2 * MINUTE_MS)));
      const stored = await tables.payments.find(before.ref);
      expect(stored?.sentAt).toBe(T0 + 7);
      expect(stored?.verifiedAt).toBe(T0 + 2 * MINUTE_MS);
      expect(stored?.version).toBe(before.version);
    });

    test("a payment that is dated again is found, though another note beside the same version had taken its date away", async () => {
      const before = anOpened();
      await tables.payments.create(before);
      await tables.payments.save(before, { ...before, dueAt: undefined });
      await tables.payments.save(before, { ...before, dueAt: T0 + 5 });
      expect(await tables.payments.due(shardOf(before.ref), T0 + 5, 100)).toContain(before.ref);
    });

    test("every field of a payment survives the table", async () => {
      const opened = anOpened();
      const payment = applyCapture(opened, "confirm", { attempt: 0, result: paidOn(opened) }, aContext(T0 + 5));
      await tables.payments.create(payment);
      const stored = await tables.payments.find(payment.ref);
      expect(stored).toEqual(payment);
      expect(fromItem(toItem(payment))).toEqual(payment);
    });

    test("only an untouched claim of one's own can be taken back", async () => {
      const untouched = aClaim();
      const touched = aClaim();
      const foreign = aClaim();
      for (const claim of [untouched, touched, foreign]) await tables.payments.create(claim);
      await tables.payments.save(touched, takeOver(touched, { terms: TERMS, lease: aLease("me") }, aContext(T0 + 1)));
      await tables.payments.discard(untouched);
      await tables.payments.discard(touched);
      await tables.payments.discard({ ...foreign, lease: aLease("somebody else") });
      expect(await tables.payments.find(untouched.ref)).toBeUndefined();
      expect(await tables.payments.find(touched.ref)).toMatchObject({ attempt: 1 });
      expect(await tables.payments.find(foreign.ref)).toMatchObject({ attempt: 0 });
    });

    test("a claim that never opened has no index keys and an end; a checkout takes the end away", async () => {
      const claim = aClaim();
      await tables.payments.create(claim);
      const inert = await tables.raw(`P#${claim.ref}`);
      expect(inert).toMatchObject({ ttl: (T0 + 30 * DAY_MS) / 1000 });
      for (const key of ["due_at", "due_shard", "day", "first_opened_at"]) expect(inert).not.toHaveProperty(key);
      const opened = anOpened(claim.ref);
      await tables.payments.save(claim, opened);
      const row = await tables.raw(`P#${claim.ref}`);
      expect(row).not.toHaveProperty("ttl");
      expect(row).toMatchObject({
        due_shard: shardOf(claim.ref),
        due_at: T0 + 2 * MINUTE_MS,
        day: `${addisAbabaDay(T0)}#${shardOf(claim.ref)}`,
        first_opened_at: T0,
        user_id: FEE.userId,
      });
    });

    test("the due index finds exactly what is due, the most overdue first", async () => {
      const payments = Array.from({ length: 12 }, (_, n) => anOpened(aRef(), T0 + n * MINUTE_MS - 400 * DAY_MS));
      for (const payment of payments) await tables.payments.create(payment);
      const now = T0 - 400 * DAY_MS + 7 * MINUTE_MS;
      const found = await Promise.all(DUE_SHARDS.map((shard) => tables.payments.due(shard, now, 100)));
      const due = payments.filter(({ dueAt }) => (dueAt ?? 0) <= now);
      expect(due.length).toBeGreaterThan(0);
      expect(found.flat().sort()).toEqual(due.map(({ ref }) => ref).sort());
      for (const [shard, refs] of found.entries()) {
        const expected = due.filter(({ ref }) => shardOf(ref) === DUE_SHARDS[shard]).map(({ ref }) => ref);
        expect(refs).toEqual(expected);
      }
    });

    test("the attention index finds exactly what awaits a person, the oldest first, whether it was opened or not", async () => {
      const before = T0 - 500 * DAY_MS;
      const payments = Array.from({ length: 9 }, (_, n) => (n % 2 ? aClaim(aRef(), before) : anOpened(aRef(), before)));
      const flags = payments.map((payment, n) => flag(payment, CLOSED_LISTING, aContext(before + n)));
      for (const [n, payment] of payments.entries()) {
        await tables.payments.create(payment);
        await tables.payments.save(payment, flags[n] ?? payment);
      }
      const answered = flags.slice(7);
      for (const payment of answered) {
        const entry = { entry: "listing_closed-delivery", reason: "refunded" };
        await tables.payments.save(payment, answer(payment, entry, aContext(before + DAY_MS)));
      }
      const found = await Promise.all(FLAG_SHARDS.map((shard) => tables.payments.flagged(shard, before + 5, 100)));
      for (const [shard, keys] of found.entries()) {
        const expected = flags.slice(0, 6).filter(({ ref }) => flagShardOf(ref) === FLAG_SHARDS[shard]);
        expect(keys).toEqual(
          expected.map(({ ref }) => ({ ref, at: before + payments.findIndex((one) => one.ref === ref) })),
        );
      }
      const later = await Promise.all(FLAG_SHARDS.map((shard) => tables.payments.flagged(shard, before + 99, 100)));
      expect(later.flat()).toHaveLength(7);
      expect(await tables.payments.flagged(flagShardOf(flags[0]?.ref ?? aRef()), before + 99, 1)).toHaveLength(1);
      expect(await tables.raw(`P#${flags[1]?.ref}`)).not.toHaveProperty("ttl");
    });

    test("a user's payments, and a day's, are found by their first checkout within a span, the latest first", async () => {
      const userId = Uuid.parse(randomUUID());
      const start = T0 - 300 * DAY_MS;
      const payments = Array.from({ length: 9 }, (_, n) => ({ ...anOpened(aRef(), start + n * 1000), userId }));
      for (const payment of payments) await tables.payments.create(payment);
      const latestFirst = payments.map(({ ref, firstOpenedAt: at }) => ({ ref, at })).toReversed();
      const all = { from: 0, to: T0 };
      expect(await tables.payments.openedByUser(userId, all, 100)).toEqual(latestFirst);
      expect(await tables.payments.openedByUser(userId, all, 3)).toEqual(latestFirst.slice(0, 3));
      const middle = { from: start + 2000, to: start + 5000 };
      expect(await tables.payments.openedByUser(userId, middle, 100)).toEqual(latestFirst.slice(3, 7));
      expect(await tables.payments.openedByUser(userId, { from: 5, to: 4 }, 100)).toEqual([]);
      const buckets = dayBuckets(addisAbabaDay(start));
      const found = await Promise.all(buckets.map((bucket) => tables.payments.openedOnDay(bucket, all, 100)));
      const known = new Set(payments.map(({ ref }) => ref));
      expect(found.flat().filter(({ ref }) => known.has(ref))).toHaveLength(9);
      for (const [shard, marks] of found.entries()) {
        for (const { ref } of marks) expect(shardOf(ref)).toBe(DUE_SHARDS[shard]);
      }
    });

    test("a payment that waits for nothing leaves the due index", async () => {
      const before = anOpened();
      await tables.payments.create(before);
      await tables.payments.save(before, { ...before, dueAt: undefined });
      expect(await tables.payments.due(shardOf(before.ref), T0 + 900 * DAY_MS, 1000)).not.toContain(before.ref);
      expect(await tables.raw(`P#${before.ref}`)).not.toHaveProperty("due_shard");
    });

    test("several payments are read at once, without those that do not exist", async () => {
      const payments = Array.from({ length: 130 }, () => aClaim());
      for (const payment of payments) await tables.payments.create(payment);
      const found = await tables.payments.findAll([...payments.map(({ ref }) => ref), aRef()]);
      expect(found.map(({ ref }) => ref).sort()).toEqual(payments.map(({ ref }) => ref).sort());
    });

    const aRequest = (by = "me") => ({ ref: aRef(), fields: { property_id: FEE.propertyId }, recordedAt: T0, by });
    const aHash = () => requestHash(NAMESPACE, FEE.userId, `${aRef()}`);

    test("exactly one of parallel uses of one request id is new, and the others replay it", async () => {
      const hash = aHash();
      const results = await Promise.all(
        Array.from({ length: 30 }, (_, n) => tables.requests.record(hash, aRequest(`caller-${n}`))),
      );
      const fresh = results.filter(({ replayed }) => !replayed);
      expect(fresh).toHaveLength(1);
      for (const { request } of results) expect(request).toEqual(fresh[0]?.request);
    });

    test("a request whose answer was lost is no replay of itself", async () => {
      const hash = aHash();
      const request = aRequest();
      await tables.requests.record(hash, request);
      expect((await tables.requests.record(hash, request)).replayed).toBe(false);
    });

    test("a refused request is new when it comes again, and recorded anew", async () => {
      const hash = aHash();
      await tables.requests.record(hash, aRequest("first"));
      await tables.requests.refuse(hash, "first", T0);
      expect(await tables.requests.find(hash)).toBeUndefined();
      const again = { ...aRequest("second"), recordedAt: T0 + 1 };
      expect(await tables.requests.record(hash, again)).toEqual({ replayed: false, request: again });
      expect(await tables.requests.find(hash)).toEqual(again);
      expect(await tables.raw(`R#${hash}`)).not.toHaveProperty("ttl");
    });

    test("a request is refused or redirected only by the caller that recorded it", async () => {
      const hash = aHash();
      const request = aRequest("owner");
      await tables.requests.record(hash, request);
      await tables.requests.refuse(hash, "stranger", T0);
      await tables.requests.pointTo(hash, "stranger", aRef());
      expect(await tables.requests.find(hash)).toEqual(request);
    });

    test("a request can be made to stand for the next payment of its fee", async () => {
      const hash = aHash();
      const request = aRequest();
      const nextRef = aRef();
      await tables.requests.record(hash, request);
      await tables.requests.pointTo(hash, "me", nextRef);
      expect(await tables.requests.find(hash)).toEqual({ ...request, ref: nextRef });
    });

    const contact = { email: "abebe@rental.et", phone: "+251911223344", language: "am" };

    test("a contact comes back as it was, and nothing of it can be read in the row", async () => {
      const ref = aRef();
      await tables.contacts.store(ref, contact, T0);
      expect(await tables.contacts.find(ref, T0 + DAY_MS)).toEqual(contact);
      const row = await tables.raw(`C#${ref}`);
      expect(row).toMatchObject({ key_id: "k2", ttl: (T0 + 30 * DAY_MS) / 1000 });
      const bytes = Object.values(row ?? {}).map((value) =>
        value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : String(value),
      );
      expect(bytes.join("\n")).not.toMatch(/abebe|911223344/);
    });

    test("a contact past its time is not read, even while its row is still there", async () => {
      const ref = aRef();
      await tables.contacts.store(ref, contact, T0);
      expect(await tables.contacts.find(ref, T0 + 30 * DAY_MS)).toBeUndefined();
    });

    test("deltas of any number of parallel writers add up", async () => {
      const opened = { day: "2026-11-24", total: 1, pending: 1, success: 0, failed: 0, revenue: 0 };
      const paid = { day: "2026-11-24", total: 0, pending: -1, success: 1, failed: 0, revenue: Santim.parse(50_000) };
      await Promise.all(Array.from({ length: 20 }, () => [tables.totals.add(opened), tables.totals.add(paid)]).flat());
      expect(await tables.raw("T#2026-11-24")).toMatchObject({
        total: 20,
        pending: 0,
        success: 20,
        revenue: 1_000_000,
      });
    });
  });
}
