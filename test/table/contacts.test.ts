import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { DependencyUnavailable } from "../../lib/domain/errors.ts";
import { DAY_MS } from "../../lib/domain/time.ts";
import { type ContactKeys, ContactTable } from "../../lib/table/contacts.ts";
import { MemoryTable } from "../support/memory-table.ts";
import { aRef, T0 } from "../support/payments.ts";
import { answering } from "../support/table-client.ts";

const CONTACT = { email: "abebe@rental.et", phone: "+251911223344", name: "አበበ", language: "am" };
const OLD = { current: "k1", keys: { k1: Buffer.alloc(32, 1) } };
const BOTH = { current: "k2", keys: { k1: Buffer.alloc(32, 1), k2: Buffer.alloc(32, 2) } };

function tableOf(memory: MemoryTable, keys: ContactKeys) {
  return new ContactTable(memory.client, "payments", async () => keys, randomBytes);
}

function rowOf(memory: MemoryTable) {
  const [[pk, row] = []] = [...memory.rows];
  if (pk === undefined || row === undefined) throw new Error("there is no row");
  return { pk, row };
}

test("a payer's contact is read under the key that it was written with, after another became the current one", async () => {
  const memory = new MemoryTable();
  const ref = aRef();
  await tableOf(memory, OLD).store(ref, CONTACT, T0);
  expect(await tableOf(memory, BOTH).find(ref, T0)).toEqual(CONTACT);
  await tableOf(memory, BOTH).store(ref, { phone: "+251" }, T0);
  expect(rowOf(memory).row["key_id"]).toBe("k2");
  expect(await tableOf(memory, BOTH).find(ref, T0)).toEqual({ phone: "+251" });
});

test("a payer's contact is neither written nor read under a key that is not there", async () => {
  const memory = new MemoryTable();
  const ref = aRef();
  await expect(tableOf(memory, { ...OLD, current: "k9" }).store(ref, CONTACT, T0)).rejects.toThrow(
    'no contact key "k9"',
  );
  expect(memory.rows.size).toBe(0);
  await tableOf(memory, BOTH).store(ref, CONTACT, T0);
  await expect(tableOf(memory, OLD).find(ref, T0)).rejects.toThrow('no contact key "k2"');
});

test("a payer's contact ends thirty days after it was given, to the millisecond, rounded up in the row", async () => {
  const memory = new MemoryTable();
  const ref = aRef();
  const contacts = tableOf(memory, BOTH);
  await contacts.store(ref, CONTACT, T0 + 1);
  expect(rowOf(memory).row["ttl"]).toBe((T0 + 30 * DAY_MS) / 1000 + 1);
  expect(await contacts.find(ref, T0 + 30 * DAY_MS + 999)).toEqual(CONTACT);
  expect(await contacts.find(ref, T0 + 30 * DAY_MS + 1000)).toBeUndefined();
  expect(await contacts.find(aRef(), T0)).toBeUndefined();
});

test("a changed byte in a contact's row is always noticed", async () => {
  const memory = new MemoryTable();
  const ref = aRef();
  const contacts = tableOf(memory, BOTH);
  await contacts.store(ref, CONTACT, T0);
  const { pk, row } = rowOf(memory);
  for (const name of ["iv", "ciphertext"]) {
    const bytes = Buffer.from(row[name] as Uint8Array);
    for (const position of [0, bytes.length - 17, bytes.length - 1].filter((at) => at >= 0)) {
      const changed = Buffer.from(bytes);
      changed[position] = (changed[position] ?? 0) ^ 1;
      memory.rows.set(pk, { ...row, [name]: changed });
      await expect(contacts.find(ref, T0)).rejects.toThrow();
    }
  }
  for (const broken of [{ key_id: 7 }, { iv: "text" }, { ciphertext: "text" }]) {
    memory.rows.set(pk, { ...row, ...broken });
    await expect(contacts.find(ref, T0)).rejects.toThrow();
  }
});

test("a payer's contact is written with 12 fresh random bytes each time", async () => {
  const memory = new MemoryTable();
  const contacts = tableOf(memory, BOTH);
  const seen = new Set<string>();
  for (const ref of [aRef(), aRef()]) {
    await contacts.store(ref, CONTACT, T0);
    const row = memory.rows.get(`C#${ref}`);
    expect(row?.["iv"]).toHaveLength(12);
    seen.add(Buffer.from(row?.["ciphertext"] as Uint8Array).toString("hex"));
  }
  expect(seen.size).toBe(2);
});

test("a payer's contact does not count as missing while the table does not answer", async () => {
  const silent = () =>
    new ContactTable(answering(new Error("silence")).client, "payments", async () => BOTH, randomBytes);
  await expect(silent().find(aRef(), T0)).rejects.toThrow(DependencyUnavailable);
  await expect(silent().store(aRef(), CONTACT, T0)).rejects.toThrow(DependencyUnavailable);
});
