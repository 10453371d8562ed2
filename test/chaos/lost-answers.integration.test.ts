import { GetCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { open, takeOver } from "../../lib/domain/apply.ts";
import { DependencyUnavailable } from "../../lib/domain/errors.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import { MINUTE_MS } from "../../lib/domain/time.ts";
import { documentClient } from "../../lib/table/client.ts";
import { type Engine, startEngine } from "../../local/dynamo/engine.ts";
import { createTable } from "../../local/dynamo/table.ts";
import { type CallFault, type CuttingProxy, startCuttingProxy } from "../support/cutting-proxy.ts";
import { aClaim, aContext, aLease, anOpened, aRef, CHECKOUT_URL, T0, TERMS } from "../support/payments.ts";
import { seeded } from "../support/seeded-random.ts";
import { steadily } from "../support/steadily.ts";
import { adaptersOf, reachTableAt } from "../support/tables.ts";

/** Again with LOST_SEED=n; LOST_RUNS=n for more of them. */
const SEED = Number(process.env["LOST_SEED"] ?? 1);
const RUNS = Number(process.env["LOST_RUNS"] ?? 10);

const NAME = "payments";
const TTL_DAYS_MS = 30 * 86_400_000;
const LANGUAGE = { language: "am" };
const DAY = "2026-11-24";

let engine: Engine;
let proxy: CuttingProxy;
let tables: ReturnType<typeof adaptersOf>;
let raw: (pk: string) => Promise<Record<string, unknown> | undefined>;

beforeAll(async () => {
  engine = await startEngine();
  await createTable(engine.endpoint, NAME);
  proxy = await startCuttingProxy(engine.endpoint);
  reachTableAt(proxy.origin);
});
// A client has so many retries and earns them back slowly: each test has one of its own.
beforeEach(() => {
  const client = documentClient();
  tables = adaptersOf(client);
  raw = async (pk) => (await client.send(new GetCommand({ TableName: NAME, Key: { pk }, ConsistentRead: true }))).Item;
});
afterEach(() => {
  proxy.judge = () => "pass";
});
afterAll(async () => {
  await proxy.close();
  await engine.close();
});

const WRITES = ["PutItem", "UpdateItem", "DeleteItem"];

/** The next writes meet these faults, in turn; what comes later passes. */
function next(...callFaults: readonly CallFault[]): void {
  const left = [...callFaults];
  proxy.judge = ({ action }) => (WRITES.includes(action) ? (left.shift() ?? "pass") : "pass");
}

// Three tries are the client's own: one of them comes through.
const LOSSES: readonly (readonly [string, readonly CallFault[]])[] = [
  ["its answer is lost", ["cut"]],
  ["its answer is lost twice", ["cut", "cut"]],
  ["half of its answer arrives", ["half"]],
  ["it is refused first", ["refuse"]],
  ["it is refused, and then its answer is lost", ["refuse", "cut"]],
];

let requestNumber = 0;
const aHash = () => `hash-${requestNumber++}`;
const aRequest = (by: string) => ({ ref: aRef(), fields: { purpose: "listing_fee" }, recordedAt: T0, by });

describe.each(LOSSES)("writes though %s", (_, callFaults) => {
  test("a created payment belongs to its creator", async () => {
    const claimed = aClaim();
    next(...callFaults);
    expect(await tables.payments.create(claimed)).toEqual({ won: true, payment: claimed });
    expect(await tables.payments.find(claimed.ref)).toEqual(claimed);
  });

  test("a payment that another caller created stays theirs", async () => {
    const theirs = aClaim();
    await tables.payments.create(theirs);
    next(...callFaults);
    const mine = { ...theirs, lease: aLease("another", T0 + 1) };
    expect(await tables.payments.create(mine)).toEqual({ won: false, payment: theirs });
  });

  test("a step is stored exactly once", async () => {
    const before = aClaim();
    await tables.payments.create(before);
    const after = open(before, "me", CHECKOUT_URL, aContext());
    next(...callFaults);
    expect(await tables.payments.save(before, after)).toEqual({ won: true, payment: { ...after, revision: 1 } });
    const stored = await tables.payments.find(before.ref);
    expect(stored).toEqual({ ...after, revision: 1 });
    expect(stored?.history).toHaveLength(2);
  });

  test("a step from a version that is gone is not stored", async () => {
    const before = aClaim();
    await tables.payments.create(before);
    const theirs = open(before, "me", CHECKOUT_URL, aContext());
    await tables.payments.save(before, theirs);
    next(...callFaults);
    const late = takeOver(
      before,
      { terms: TERMS, lease: aLease("late", T0 + 2 * MINUTE_MS) },
      aContext(T0 + 2 * MINUTE_MS),
    );
    expect(await tables.payments.save(before, late)).toEqual({ won: false, payment: { ...theirs, revision: 1 } });
  });

  test("a claim that was taken back is gone, and anything else stays", async () => {
    const [untouched, opened] = [aClaim(), anOpened()];
    await tables.payments.create(untouched);
    await tables.payments.create(opened);
    next(...callFaults);
    await tables.payments.discard(untouched);
    next(...callFaults);
    await tables.payments.discard(opened);
    expect(await tables.payments.find(untouched.ref)).toBeUndefined();
    expect(await tables.payments.find(opened.ref)).toEqual(opened);
  });

  test("a new request is no replay, and another caller's is one", async () => {
    const [hash, mine, theirs] = [aHash(), aRequest("me"), aRequest("they")];
    next(...callFaults);
    expect(await tables.requests.record(hash, mine)).toMatchObject({ replayed: false, request: mine });
    next(...callFaults);
    expect(await tables.requests.record(hash, theirs)).toMatchObject({
      replayed: true,
      request: { by: "me", ref: mine.ref },
    });
  });

  test("a refused request counts as unknown, and only for the caller that recorded it", async () => {
    const [hash, other] = [aHash(), aHash()];
    await tables.requests.record(hash, aRequest("me"));
    await tables.requests.record(other, aRequest("they"));
    next(...callFaults);
    await tables.requests.refuse(hash, "me", T0);
    next(...callFaults);
    await tables.requests.refuse(other, "me", T0);
    expect(await tables.requests.find(hash)).toBeUndefined();
    expect(await tables.requests.find(other)).toMatchObject({ by: "they" });
  });

  test("a contact can be read, and goes when it should", async () => {
    const ref = aRef();
    next(...callFaults);
    await tables.contacts.store(ref, LANGUAGE, T0);
    expect(await tables.contacts.find(ref, T0 + TTL_DAYS_MS - 1)).toEqual(LANGUAGE);
    expect(await tables.contacts.find(ref, T0 + TTL_DAYS_MS)).toBeUndefined();
  });

  test("a day's totals are what they were rewritten to, whatever was counted twice before", async () => {
    const exact = { total: 3, pending: 1, success: 2, failed: 0, revenue: 100_000 };
    next(...callFaults);
    await tables.totals.add({ day: DAY, total: 1, pending: 1, success: 0, failed: 0, revenue: 0 });
    next(...callFaults);
    await tables.totals.rewrite(DAY, exact);
    expect(await raw(`T#${DAY}`)).toMatchObject(exact);
  });
});

describe("a write whose every answer is lost", () => {
  const NOTHING: readonly CallFault[] = ["cut", "cut", "cut"];

  test("a write that is made again after all its answers were lost belongs to its writer", async () => {
    const before = aClaim();
    next(...NOTHING);
    await expect(tables.payments.create(before)).rejects.toThrow(DependencyUnavailable);
    expect(await tables.payments.create(before)).toEqual({ won: true, payment: before });
    const after = open(before, "me", CHECKOUT_URL, aContext());
    next(...NOTHING);
    await expect(tables.payments.save(before, after)).rejects.toThrow(DependencyUnavailable);
    expect(await tables.payments.save(before, after)).toEqual({ won: true, payment: { ...after, revision: 1 } });
    expect((await tables.payments.find(before.ref))?.version).toBe(2);
  });
});

describe(`${RUNS} random sequences, every third call going wrong`, () => {
  const runs = Array.from({ length: RUNS }, (_, index) => SEED + index);
  const again = (seed: number) => `LOST_SEED=${seed} LOST_RUNS=1 npx vitest run lost-answers`;

  test("a lone writer never loses, and each of its steps is stored once", async () => {
    for (const seed of runs) {
      unsteady(seed);
      const random = seeded(seed);
      let payment = aClaim();
      expect(await steadily(() => tables.payments.create(payment)), again(seed)).toMatchObject({ won: true });
      for (let step = 0; step < 6; step++) {
        const after = stepOf(payment, step, random);
        const before = payment;
        const stored = { ...after, revision: before.revision + 1 };
        expect(await steadily(() => tables.payments.save(before, after)), again(seed)).toEqual({
          won: true,
          payment: stored,
        });
        payment = stored;
      }
      proxy.judge = () => "pass";
      expect(await tables.payments.find(payment.ref), again(seed)).toEqual(payment);
    }
  });

  test("exactly one of five callers that make the same step has made it, and all know which one", async () => {
    for (const seed of runs) {
      proxy.judge = () => "pass";
      const before = aClaim();
      await tables.payments.create(before);
      unsteady(seed);
      const saved = await Promise.all(
        ["a", "b", "c", "d", "e"].map((who) => {
          const now = T0 + 2 * MINUTE_MS;
          const after = takeOver(before, { terms: TERMS, lease: aLease(who, now + MINUTE_MS) }, aContext(now, who));
          return steadily(() => tables.payments.save(before, after));
        }),
      );
      expect(
        saved.filter(({ won }) => won),
        again(seed),
      ).toHaveLength(1);
      const [stored, ...others] = new Set(saved.map(({ payment }) => payment?.lease?.holder));
      expect(others, again(seed)).toEqual([]);
      proxy.judge = () => "pass";
      expect((await tables.payments.find(before.ref))?.lease?.holder, again(seed)).toBe(stored);
    }
  });
});

/** What becomes of each write is decided by the seed, in the order in which they come. */
function unsteady(seed: number): void {
  const random = seeded(seed);
  const wrong: readonly CallFault[] = ["cut", "half", "refuse"];
  proxy.judge = ({ action }) =>
    WRITES.includes(action) && random() < 1 / 3 ? (wrong[Math.floor(random() * wrong.length)] ?? "cut") : "pass";
}

function stepOf(payment: Payment, step: number, random: () => number): Payment {
  const now = T0 + (step + 1) * 10 * MINUTE_MS;
  const isNote = random() < 0.5;
  return isNote
    ? { ...payment, verifiedAt: now }
    : takeOver(payment, { terms: TERMS, lease: aLease(`me-${step}`, now + MINUTE_MS) }, aContext(now));
}
