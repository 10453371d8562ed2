import { GetCommand } from "@aws-sdk/lib-dynamodb";
import { beforeEach, expect, test } from "vitest";
import { DependencyUnavailable } from "../../lib/domain/errors.ts";
import { namespaceFingerprint } from "../../lib/domain/ids.ts";
import { tableIdentityKey } from "../../lib/table/keys.ts";
import { TableIdentity } from "../../lib/table/table-identity.ts";
import { MemoryTable } from "../support/memory-table.ts";
import { NAMESPACE, T0 } from "../support/payments.ts";
import { answering } from "../support/table-client.ts";

const PAUSED = { by: "user:1", reason: "a restore", at: T0 - 1 };
const ROW = { ...tableIdentityKey, table: "payments", namespace: namespaceFingerprint(NAMESPACE) };

let memory: MemoryTable;
let now: number;
beforeEach(() => {
  memory = new MemoryTable();
  now = T0;
});

const clock = { now: () => now };
const identityOf = (name = "payments") => new TableIdentity(memory.client, name, clock);
const put = (row: Record<string, unknown>) => memory.rows.set("H#table", { ...ROW, ...row });

test("the first payment of a table writes the table's name and the namespace's fingerprint, and later ones may begin", async () => {
  expect(await identityOf().closed(NAMESPACE)).toBeUndefined();
  expect([...memory.rows.values()]).toEqual([ROW]);
  expect(await identityOf().closed(NAMESPACE)).toBeUndefined();
  expect(JSON.stringify(ROW)).not.toContain(NAMESPACE);
});

test("if two namespaces begin a table at once, one of them is refused", async () => {
  const closed = await Promise.all(["one", "two"].map((namespace) => identityOf().closed(namespace)));
  expect(closed.filter((reason) => reason === undefined)).toHaveLength(1);
  expect(closed).toContain("other_namespace");
});

test.each([
  ["other_namespace", { namespace: namespaceFingerprint("another") }],
  ["other_table", { table: "payments-restored" }],
  ["paused", { paused: PAUSED }],
  ["paused", { paused: { ...PAUSED, until: T0 + 1 } }],
  ["unreadable", { paused: true }],
  ["unreadable", { paused: { ...PAUSED, until: "tomorrow" } }],
  ["unreadable", { namespace: undefined }],
] as const)("no payment may begin for the reason %s while the row holds %j", async (reason, change) => {
  put(change);
  const identity = identityOf();
  expect(await identity.closed(NAMESPACE)).toBe(reason);
  expect(identity.knownClosed(NAMESPACE)).toBe(reason);
});

test("a pause that was to end now, and a namespace that was put back, let payments begin", async () => {
  put({ paused: { ...PAUSED, until: T0 } });
  const identity = identityOf();
  expect(await identity.closed("another")).toBe("other_namespace");
  expect(await identity.closed(NAMESPACE)).toBeUndefined();
});

test("the row is read once in 30 seconds, and again after the clock was set back", async () => {
  const { client, asked } = answering({ Item: ROW }, { Item: { ...ROW, paused: PAUSED } }, { Item: ROW });
  const identity = new TableIdentity(client, "payments", clock);
  expect(identity.knownClosed(NAMESPACE)).toBeUndefined();
  const at = async (ms: number) => {
    now = T0 + ms;
    return [await identity.closed(NAMESPACE), asked.length];
  };
  expect(await at(0)).toEqual([undefined, 1]);
  expect(await at(29_999)).toEqual([undefined, 1]);
  expect(await at(30_000)).toEqual(["paused", 2]);
  now = T0 + 60_000;
  expect(identity.knownClosed(NAMESPACE)).toBeUndefined();
  expect(await at(29_999)).toEqual([undefined, 3]);
});

test("a row that was read before the first payment is not read again for it, and a missing one is not remembered", async () => {
  put({});
  const identity = identityOf();
  await identity.prime();
  memory.rows.clear();
  expect(await identity.closed(NAMESPACE)).toBeUndefined();
  expect(memory.rows.size).toBe(0);
  const fresh = identityOf();
  await fresh.prime();
  expect(await fresh.closed(NAMESPACE)).toBeUndefined();
  expect(memory.rows.get("H#table")).toEqual(ROW);
});

test("while the table does not answer nothing is known, and nothing is remembered of that", async () => {
  let isDown = true;
  const { client } = new MemoryTable(async (_site, _about, effect) => {
    if (isDown) throw new Error("no answer");
    return effect();
  });
  const identity = new TableIdentity(client, "payments", clock);
  await expect(identity.closed(NAMESPACE)).rejects.toThrow(DependencyUnavailable);
  isDown = false;
  expect(await identity.closed(NAMESPACE)).toBeUndefined();
  expect((await client.send(new GetCommand({ TableName: "payments", Key: tableIdentityKey }))).Item).toEqual(ROW);
});

const RESUMED = { by: "user:2", reason: "it is checked", at: T0 };

test("a person who pauses a table without the row writes it, and their process knows at once", async () => {
  const identity = identityOf();
  expect(await identity.read(NAMESPACE)).toEqual({ closed: undefined, facts: undefined });
  expect(await identity.replace(undefined, { paused: PAUSED }, NAMESPACE)).toBe(true);
  expect([...memory.rows.values()]).toEqual([{ ...ROW, paused: PAUSED }]);
  expect(identity.knownClosed(NAMESPACE)).toBe("paused");
  expect(await identityOf().replace(undefined, { paused: { ...PAUSED, by: "user:3" } }, NAMESPACE)).toBe(false);
  expect(memory.rows.get("H#table")).toMatchObject({ paused: PAUSED });
});

test("a pause replaces exactly what was read, and keeps the namespace and names this table", async () => {
  put({ table: "payments-restored", namespace: namespaceFingerprint("another"), paused: PAUSED });
  const { closed, facts } = await identityOf().read(NAMESPACE);
  expect(closed).toBe("other_table");
  expect(await identityOf().replace(facts, { paused: undefined, resumed: RESUMED }, NAMESPACE)).toBe(true);
  expect(memory.rows.get("H#table")).toEqual({ ...ROW, namespace: namespaceFingerprint("another"), resumed: RESUMED });
});

test.each([
  ["paused it", { paused: PAUSED }],
  ["resumed it", { resumed: RESUMED }],
  ["named another table", { table: "payments-restored" }],
  ["changed the namespace", { namespace: namespaceFingerprint("another") }],
])("a pause is not written over what another person did since: they %s", async (_, change) => {
  put({});
  const { facts } = await identityOf().read(NAMESPACE);
  put(change);
  const identity = identityOf();
  expect(await identity.replace(facts, { paused: { ...PAUSED, by: "user:3" } }, NAMESPACE)).toBe(false);
  expect(memory.rows.get("H#table")).toEqual({ ...ROW, ...change });
  expect(identity.knownClosed(NAMESPACE)).toBeUndefined();
});

test("a pause whose answer was lost is written once and counts as written", async () => {
  put({ paused: PAUSED });
  const { facts } = await identityOf().read(NAMESPACE);
  expect(await identityOf().replace(facts, { paused: undefined, resumed: RESUMED }, NAMESPACE)).toBe(true);
  expect(await identityOf().replace(facts, { paused: undefined, resumed: RESUMED }, NAMESPACE)).toBe(true);
});

test("a person reads the row as it is now, and refunds as it was in the last 30 seconds", async () => {
  const { client, asked } = answering({ Item: ROW }, { Item: { ...ROW, paused: PAUSED } }, { Item: ROW });
  const identity = new TableIdentity(client, "payments", clock);
  expect(await identity.refundsClosed(NAMESPACE)).toBeUndefined();
  expect(await identity.refundsClosed(NAMESPACE)).toBeUndefined();
  expect(await identity.read(NAMESPACE)).toMatchObject({ closed: "paused", facts: { paused: PAUSED } });
  now += 30_000;
  expect(await identity.refundsClosed(NAMESPACE)).toBeUndefined();
  expect(asked.map(({ ConsistentRead }) => ConsistentRead)).toEqual([false, true, false]);
});

test("no money goes back while the row holds a pause or cannot be read, and a table without it lets refunds go", async () => {
  expect(await identityOf().refundsClosed(NAMESPACE)).toBeUndefined();
  expect(memory.rows.size).toBe(0);
  put({ paused: PAUSED });
  expect(await identityOf().refundsClosed(NAMESPACE)).toBe("paused");
  put({ paused: { by: "user:1" } });
  expect(await identityOf().refundsClosed(NAMESPACE)).toBe("unreadable");
  expect(await identityOf().read(NAMESPACE)).toEqual({ closed: "unreadable", facts: undefined });
});
