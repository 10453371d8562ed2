import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answer, flag, reject, settleUnpaid, takeOver } from "../../lib/domain/apply.ts";
import { applyCapture } from "../../lib/domain/apply-money.ts";
import { PaymentUnreadable } from "../../lib/domain/errors.ts";
import { requestHash, Uuid } from "../../lib/domain/ids.ts";
import { Santim } from "../../lib/domain/money.ts";
import { leased, noteVerification } from "../../lib/domain/notes.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import { addisAbabaDay, DAY_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import type { ContactTable } from "../../lib/table/contacts.ts";
import { DUE_SHARDS, dayBuckets, FLAG_SHARDS, flagShardOf, shardOf } from "../../lib/table/keys.ts";
import type { MarkTable } from "../../lib/table/marks.ts";
import { fromItem, toItem } from "../../lib/table/payment-item.ts";
import type { PaymentTable } from "../../lib/table/payments.ts";
import type { RequestTable } from "../../lib/table/requests.ts";
import type { TotalsTable } from "../../lib/table/totals.ts";
import { TX_STAGE } from "../../local/environment.ts";
import {
  aClaim,
  aContext,
  aLease,
  anOpened,
  aRef,
  aRenewed,
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
  marks: MarkTable;
  totals: TotalsTable;
  /** The stored attributes of a key, as they are. */
  raw(pk: string): Promise<Record<string, unknown> | undefined>;
  /** Sets attributes of a stored row, as another release might. */
  write(pk: string, attributes: Record<string, unknown>): Promise<void>;
  close(): Promise<void>;
};

const paidOn = (payment: Payment) => moneyOn(payment, 0, { method: "telebirr" });

/** What every table engine must do; run against each that the project uses. */
export function tableContract(engine: string, start: () => Promise<Tables>): void {
  describe(`a table on ${engine}`, () => {
    let tables: Tables;
    /** Payments of a bucket that are due by `now`. */
    const dueBy = async (shard: string, now: number, limit: number) =>
      (await tables.payments.due(shard, { from: 0, to: now }, limit)).map(({ ref }) => ref);
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
      expect(await tables.payments.save(before, after)).toEqual({ won: true, payment: { ...after, revision: 1 } });
    });

    test("a step from an old version is refused and shows what is stored", async () => {
      const before = anOpened();
      await tables.payments.create(before);
      const paid = applyCapture(before, "confirm", { attempt: 0, result: paidOn(before) }, aContext(T0 + 5));
      await tables.payments.save(before, paid);
      const cancelled = settleUnpaid(before, "cancel", CLOSING, aContext(T0 + 6));
      expect(await tables.payments.save(before, cancelled)).toEqual({ won: false, payment: { ...paid, revision: 1 } });
      expect((await tables.payments.find(before.ref))?.state).toBe("SUCCESS");
    });

    test("a step on a row that is gone reports the row as gone", async () => {
      const before = aClaim();
      expect(await tables.payments.save(before, leased(before, aLease("me", T0 + 1)))).toEqual({
        won: false,
        payment: undefined,
      });
    });

    test("a note beside the version is refused over one that it has not seen, and keeps it when it is made again", async () => {
      const before = anOpened();
      await tables.payments.create(before);
      await tables.payments.save(before, { ...before, sentAt: T0 + 7 });
      const note = (payment: Payment) => noteVerification(payment, 0, undefined, aContext(T0 + 2 * MINUTE_MS));
      const refused = await tables.payments.save(before, note(before));
      expect(refused).toMatchObject({ won: false, payment: { sentAt: T0 + 7, verifiedAt: undefined } });
      const seen = refused.payment ?? before;
      expect(await tables.payments.save(seen, note(seen))).toMatchObject({ won: true });
      const stored = await tables.payments.find(before.ref);
      expect(stored?.sentAt).toBe(T0 + 7);
      expect(stored?.verifiedAt).toBe(T0 + 2 * MINUTE_MS);
      expect([stored?.version, stored?.revision]).toEqual([before.version, 2]);
    });

    test("a date that is taken away is no reason to lose one that was set meanwhile", async () => {
      const before = anOpened();
      await tables.payments.create(before);
      await tables.payments.save(before, { ...before, dueAt: T0 + 5 });
      expect(await tables.payments.save(before, { ...before, dueAt: undefined })).toMatchObject({ won: false });
      expect(await dueBy(shardOf(before.ref), T0 + 5, 100)).toContain(before.ref);
    });

    test("every field of a payment survives the table", async () => {
      const opened = anOpened();
      const payment = applyCapture(opened, "confirm", { attempt: 0, result: paidOn(opened) }, aContext(T0 + 5));
      await tables.payments.create(payment);
      const stored = await tables.payments.find(payment.ref);
      expect(stored).toEqual(payment);
      expect(fromItem(toItem(payment), TX_STAGE)).toEqual(payment);
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
      const found = await Promise.all(DUE_SHARDS.map((shard) => dueBy(shard, now, 100)));
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
        const raised = { ...payment, revision: 1 };
        await tables.payments.save(raised, answer(raised, entry, aContext(before + DAY_MS)));
      }
      const found = await Promise.all(
        FLAG_SHARDS.map((shard) => tables.payments.flagged(shard, { from: 0, to: before + 5 }, 100)),
      );
      for (const [shard, keys] of found.entries()) {
        const expected = flags.slice(0, 6).filter(({ ref }) => flagShardOf(ref) === FLAG_SHARDS[shard]);
        expect(keys).toEqual(
          expected.map(({ ref }) => ({ ref, at: before + payments.findIndex((one) => one.ref === ref) })),
        );
      }
      const later = await Promise.all(
        FLAG_SHARDS.map((shard) => tables.payments.flagged(shard, { from: 0, to: before + 99 }, 100)),
      );
      expect(later.flat()).toHaveLength(7);
      const since = await Promise.all(
        FLAG_SHARDS.map((shard) => tables.payments.flagged(shard, { from: before + 5, to: before + 99 }, 100)),
      );
      expect(since.flat().map(({ at }) => at - before)).toEqual(
        expect.arrayContaining(
          later
            .flat()
            .map(({ at }) => at - before)
            .filter((at) => at >= 5),
        ),
      );
      expect(since.flat().every(({ at }) => at >= before + 5)).toBe(true);
      expect(
        await tables.payments.flagged(flagShardOf(flags[0]?.ref ?? aRef()), { from: 0, to: before + 99 }, 1),
      ).toHaveLength(1);
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

    test("a property's payments are found, whoever made them, without those that were never opened", async () => {
      const propertyId = Uuid.parse(randomUUID());
      const span = { from: 0, to: Number.MAX_SAFE_INTEGER };
      const payments = [anOpened(aRef(), T0), { ...anOpened(aRef(), T0 + 1), userId: Uuid.parse(randomUUID()) }];
      for (const payment of payments) await tables.payments.create({ ...payment, propertyId });
      await tables.payments.create({ ...aClaim(), propertyId });
      const latestFirst = payments.map(({ ref, firstOpenedAt: at }) => ({ ref, at })).toReversed();
      expect(await tables.payments.openedForProperty(propertyId, span, 100)).toEqual(latestFirst);
      expect(await tables.payments.openedForProperty(propertyId, span, 1)).toEqual(latestFirst.slice(0, 1));
    });

    test("a payment that waits for nothing leaves the due index", async () => {
      const before = anOpened();
      await tables.payments.create(before);
      await tables.payments.save(before, { ...before, dueAt: undefined });
      expect(await dueBy(shardOf(before.ref), T0 + 900 * DAY_MS, 1000)).not.toContain(before.ref);
      expect(await tables.raw(`P#${before.ref}`)).not.toHaveProperty("due_shard");
    });

    test("several payments are read at once, without those that do not exist", async () => {
      const payments = Array.from({ length: 130 }, () => aClaim());
      for (const payment of payments) await tables.payments.create(payment);
      const { payments: found, unreadable } = await tables.payments.findAll([
        ...payments.map(({ ref }) => ref),
        aRef(),
      ]);
      expect(found.map(({ ref }) => ref).sort()).toEqual(payments.map(({ ref }) => ref).sort());
      expect(unreadable).toEqual([]);
    });

    test("a transition by this release keeps the words and attributes that a newer one stored", async () => {
      const before = aRenewed();
      await tables.payments.create(before);
      const known = toItem(before);
      const newer = {
        attempts: { ...known["attempts"], 0: { ...known["attempts"][0], end: "lost", lapses: 2 } },
        captures: [{ attempt: 0, at: T0, kind: "split", disputed: { amount: 100 } }],
        attention: [{ code: "frozen", at: T0, subject: "AP1", until: T0 }],
        history: [...known["history"], "freeze 5 newer release"],
        refund_days: [1, 2],
      };
      await tables.write(`P#${before.ref}`, newer);
      const read = await tables.payments.find(before.ref);
      if (!read) throw new Error("the payment is gone");
      const context = aContext(T0 + DAY_MS);
      const paid = applyCapture(read, "confirm", { attempt: 1, result: moneyOn(read, 1) }, context);
      expect((await tables.payments.save(read, paid)).won).toBe(true);
      const after = (await tables.raw(`P#${before.ref}`)) ?? {};
      expect(after["version"]).toBe(before.version + 1);
      expect(after["refund_days"]).toEqual(newer.refund_days);
      expect(after["attempts"]).toMatchObject({ 0: newer.attempts[0], 1: { end: "paid" } });
      expect(after["captures"]).toEqual([newer.captures[0], expect.objectContaining({ kind: "confirmed" })]);
      expect(after["attention"]).toEqual(newer.attention);
      expect(after["history"]).toEqual([...newer.history, expect.stringMatching(/^confirm /)]);
    });

    test("an unreadable row is put off by one attribute, and a stored row changes only if its date is the one that was read", async () => {
      const { ref, dueAt } = anOpened();
      await tables.payments.create(anOpened(ref));
      await tables.write(`P#${ref}`, { schema: 2, state: "HELD", terms: { amount: 1 } });
      const before = await tables.raw(`P#${ref}`);
      const { unreadable } = await tables.payments.findAll([ref]);
      expect(unreadable).toEqual([{ ref, dueAt }]);
      await expect(tables.payments.find(ref)).rejects.toThrow(PaymentUnreadable);
      await expect(tables.payments.create(anOpened(ref))).rejects.toThrow(PaymentUnreadable);
      const until = T0 + 900 * DAY_MS;
      const row = { ref, dueAt };
      expect(await Promise.all([row, row].map((one, n) => tables.payments.postpone(one, until + n)))).toContain(false);
      const { due_at, ...others } = (await tables.raw(`P#${ref}`)) ?? {};
      expect([until, until + 1]).toContain(due_at);
      expect({ ...others, due_at: dueAt }).toEqual(before);
      expect(await dueBy(shardOf(ref), until - 1, 1000)).not.toContain(ref);
      expect(await dueBy(shardOf(ref), until + 1, 1000)).toContain(ref);
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

    test("a request is refused only by the caller that recorded it", async () => {
      const hash = aHash();
      const request = aRequest("owner");
      await tables.requests.record(hash, request);
      await tables.requests.refuse(hash, "stranger", T0);
      expect(await tables.requests.find(hash)).toEqual(request);
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

    test("exactly one of parallel writers counts a version, and a write whose answer was lost is recognised", async () => {
      const version = { ref: aRef(), version: 3 };
      const counts = await Promise.all(Array.from({ length: 20 }, (_, n) => tables.marks.count(version, `${n}`, T0)));
      expect(counts.filter(Boolean)).toHaveLength(1);
      expect(await tables.marks.count(version, String(counts.indexOf(true)), T0)).toBe(true);
      expect(await tables.marks.count({ ...version, version: 4 }, "other", T0)).toBe(true);
      expect(await tables.raw(`N#${version.ref}#3`)).toMatchObject({ ttl: (T0 + 30 * DAY_MS) / 1000 });
    });

    test("exactly one of parallel calls begins a message, and exactly one takes it up again after that", async () => {
      const message = { ref: aRef(), version: 3, event: "paid" } as const;
      const callers = Array.from({ length: 20 }, (_, n) => `caller-${n}`);
      const first = (by: string) => tables.marks.begin(message, { by, tries: 1, triedAt: T0 }, T0);
      const known = await Promise.all(callers.map(first));
      expect(known.filter((mark) => mark === undefined)).toHaveLength(1);
      const winner = callers[known.indexOf(undefined)] ?? "";
      const from = { by: winner, tries: 1, triedAt: T0 };
      for (const mark of known) expect(mark ?? from).toEqual(from);
      expect(await first(winner)).toBeUndefined();

      const again = (by: string) => tables.marks.replace(message, { from, to: { by, tries: 2, triedAt: T0 + 5 } }, T0);
      const taken = await Promise.all(callers.map((by) => again(`${by} again`)));
      expect(taken.filter(Boolean)).toHaveLength(1);
      const second = `${callers[taken.indexOf(true)]} again`;
      expect(await again(second)).toBe(true);
      const sent = { by: "sent", tries: 2, triedAt: T0 + 5, sentAt: T0 + 9 };
      expect(await tables.marks.replace(message, { from: { ...from, by: second }, to: sent }, T0 + 9)).toBe(true);
      expect(await first("late")).toEqual(sent);
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
