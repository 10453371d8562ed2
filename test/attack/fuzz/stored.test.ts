import { randomBytes } from "node:crypto";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { LAST_ATTEMPT, txRefOf } from "../../../lib/domain/ids.ts";
import { Santim } from "../../../lib/domain/money.ts";
import { KeyId, type Payment } from "../../../lib/domain/payment.ts";
import { ATTEMPT_ENDS, ATTENTION_CODES, LAST_READS, STATES, TRANSITION_NAMES } from "../../../lib/domain/vocabulary.ts";
import { ContactTable } from "../../../lib/table/contacts.ts";
import { fromItem, type Item, toItem } from "../../../lib/table/payment-item.ts";
import { RequestTable } from "../../../lib/table/requests.ts";
import { TX_STAGE } from "../../../local/environment.ts";
import { aRef, FEE, T0 } from "../../support/payments.ts";
import { anyJson, anyText, mostly, objectOf, strangeJson } from "./hostile.ts";
import { orRefusedLater } from "./invariants/broken.ts";
import { itemInvariant, QUEUED, queueInvariant, streamInvariant } from "./invariants/stored.ts";
import { holds, holdsOften } from "./settings.ts";

const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const instant = fc.nat({ max: 4_102_444_800_000 });
const santim = fc.nat({ max: 999_999_999_999 }).map((value) => Santim.parse(value));
const flag = maybe(fc.constant(true as const));
const key = fc.constantFrom("0a1b2c3d", "ffffffff").map((text) => KeyId.parse(text));
const terms = { amount: santim, currency: fc.constantFrom("ETB", "USD"), mode: fc.constantFrom("test", "live"), key };
const attempt = fc.nat({ max: LAST_ATTEMPT });

/** Any payment of the type, far beyond what the moves can make. */
const payments: fc.Arbitrary<Payment> = fc.record({
  ref: fc.constant(aRef()),
  txStage: fc.constant(TX_STAGE),
  serial: fc.nat(),
  userId: maybe(fc.constant(FEE.userId)),
  propertyId: maybe(fc.constant(FEE.propertyId)),
  purpose: maybe(anyText),
  state: fc.constantFrom(...STATES),
  version: fc.nat(),
  revision: fc.nat(),
  attempt: fc.integer({ min: -1, max: LAST_ATTEMPT }),
  terms: fc.record(terms),
  attempts: fc.dictionary(
    attempt.map(String),
    fc.record({
      ...terms,
      openedAt: instant,
      closedAt: maybe(instant),
      end: maybe(fc.constantFrom(...ATTEMPT_ENDS)),
      lapsedAt: maybe(instant),
      verifyAt: maybe(instant),
      lastRead: maybe(fc.constantFrom(...LAST_READS)),
      webhookAt: maybe(instant),
      unpaidReadAt: maybe(instant),
      heldSince: maybe(instant),
    }),
    { maxKeys: 5 },
  ),
  lease: maybe(
    fc.record({
      holder: anyText,
      until: instant,
      unsent: flag,
      lost: maybe(fc.nat()),
      heldSince: maybe(instant),
      released: flag,
    }),
  ),
  checkoutUrl: maybe(fc.webUrl()),
  createdAt: instant,
  updatedAt: instant,
  beganAt: instant,
  firstOpenedAt: maybe(instant),
  settledAt: maybe(instant),
  failureReason: maybe(anyText),
  late: flag,
  finalised: flag,
  captures: fc.array(
    fc.record({
      attempt,
      at: instant,
      kind: fc.constantFrom("confirmed", "reviewed", "duplicate"),
      amount: maybe(santim),
      currency: maybe(anyText),
      mode: maybe(anyText),
      reference: maybe(anyText),
      method: maybe(anyText),
      charge: maybe(santim),
      back: maybe(fc.record({ refunded: santim, reversed: santim })),
      listed: flag,
    }),
    { maxLength: 4 },
  ),
  reports: maybe(
    fc.array(fc.record({ attempt, reference: maybe(anyText), amount: maybe(santim), at: instant }), { maxLength: 3 }),
  ),
  attention: fc.array(
    fc.record({
      code: fc.constantFrom(...ATTENTION_CODES),
      subject: anyText,
      amount: maybe(santim),
      at: instant,
      answered: maybe(fc.record({ at: instant, by: anyText, reason: anyText })),
    }),
    { maxLength: 3 },
  ),
  acknowledgedAt: maybe(instant),
  sentAt: maybe(instant),
  verifiedAt: maybe(instant),
  unreachableSince: maybe(instant),
  dueAt: maybe(instant),
  history: fc.array(
    fc.record({
      transition: fc.constantFrom(...TRANSITION_NAMES),
      at: instant,
      by: fc.constantFrom("initiate", "resolve:webhook", "sweep", "cancel:owner"),
      evidence: maybe(anyText.filter((text) => text !== "")),
    }),
    { maxLength: 5 },
  ),
}) as fc.Arbitrary<Payment>;

const touched = (item: Item) =>
  fc
    .tuple(
      fc.constantFrom(...Object.keys(item), "extra", "__proto__", "ttl"),
      fc.oneof(anyJson, fc.constant(undefined)),
    )
    .map(([name, value]) => objectOf([...Object.entries(item).filter(([known]) => known !== name), [name, value]]));

/** A row as the stream brings it, with numbers of any size. */
function attributesOf(row: object): object {
  return objectOf(
    Object.entries(row).flatMap(([name, value]) => (value === undefined ? [] : [[name, attributeOf(value)]])),
  );
}

function attributeOf(value: unknown): object {
  if (typeof value === "string") return { S: value };
  if (typeof value === "number") return { N: String(value) };
  if (typeof value === "boolean") return { BOOL: value };
  if (Array.isArray(value)) return { L: value.map(attributeOf) };
  return typeof value === "object" && value !== null ? { M: attributesOf(value) } : { NULL: true };
}

test("a payment's row is read as the payment that was written, for any payment", async () => {
  await holdsOften(3, [payments], (payment) => {
    expect(fromItem(toItem(payment), TX_STAGE)).toEqual(payment);
    itemInvariant(toItem(payment));
  });
});

test("a row with anything in any place is read as a payment that can be written, or refused by name", async () => {
  await holdsOften(3, [payments.chain((payment) => touched(toItem(payment)))], (row) => itemInvariant(row));
  await holds([anyJson], (row) => itemInvariant(typeof row === "object" && row !== null ? row : { row }));
});

test("a record of the stream is handled, passed over or named, comes again never, and takes no good one along", async () => {
  const image = fc.oneof(
    payments.chain((payment) => touched(toItem(payment))).map((row) => attributesOf(row)),
    mostly({ pk: mostly({ S: fc.constantFrom("P#", "R#0", "P#x") }), N: anyJson }),
    anyJson,
  );
  const images = fc.record({ NewImage: image, OldImage: image }, { requiredKeys: [] });
  await holdsOften(2, [images], (record) => streamInvariant(record));
});

test.each(Object.keys(QUEUED) as (keyof typeof QUEUED)[])(
  "a message of the %s queue is handled as it was written or comes again until it is dead, and its neighbours are handled",
  async (queue) => {
    const good = mostly({
      tx_ref: fc.oneof(fc.constant(txRefOf({ ref: aRef(), txStage: TX_STAGE }, 0)), anyText),
      trigger: fc.constantFrom("webhook", "schedule", "nobody"),
      ref: fc.oneof(fc.constant(aRef()), anyText),
      version: fc.oneof(fc.nat(), fc.double()),
      event: fc.constantFrom("paid", "failed", "expired", "cancelled", "constructor"),
    }).map((value) => JSON.stringify(value));
    await holds([fc.oneof(good, strangeJson(good), anyText)], (body) => queueInvariant(queue, body));
  },
);

describe("the rows beside a payment", () => {
  // Foreign: the table itself, which gives whatever row is asked for.
  const tableWith = (row: unknown): DynamoDBDocumentClient =>
    Object.assign(Object.create(null), { send: async () => ({ Item: row }) });

  test("a request's row is read as it was written or refused by name", async () => {
    const row = fc.oneof(
      mostly({
        ref: fc.constant(aRef()),
        fields: fc.dictionary(anyText, anyText),
        recorded_at: instant,
        by: anyText,
        refused: fc.constant(true),
      }),
      anyJson.filter((value) => typeof value === "object"),
    );
    await holdsOften(2, [row], async (stored) => {
      const found = await orRefusedLater(() => new RequestTable(tableWith(stored), "t").find("hash"), z.ZodError);
      if (found) expect(stored).toMatchObject({ ref: found.ref, by: found.by, recorded_at: found.recordedAt });
    });
  });

  test("a contact that was changed, or moved to another payment, is never read", async () => {
    const keys = { current: "k", keys: { k: Buffer.alloc(32, 7), other: Buffer.alloc(32, 8) } };
    let row: Item = {};
    // Foreign: a table of one row.
    const client: DynamoDBDocumentClient = Object.assign(Object.create(null), {
      send: async ({ input }: { input: { Item?: Item } }) => {
        row = input.Item ?? row;
        return { Item: row };
      },
    });
    const contacts = new ContactTable(client, "t", async () => keys, randomBytes);
    const contact = fc.record({ email: anyText, phone: anyText, name: anyText.map((text) => text.toWellFormed()) });
    const [mine, another] = [aRef(), aRef()];
    await holds([contact, fc.nat(), fc.integer({ min: 0, max: 7 })], async (given, at, bit) => {
      await contacts.store(mine, given, T0);
      const stored = { ...row };
      expect(await contacts.find(mine, T0)).toEqual(given);
      await expect(contacts.find(another, T0)).rejects.toThrow();
      for (const part of ["iv", "ciphertext"] as const) {
        const bytes = Buffer.from(stored[part]);
        bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ (1 << bit);
        row = { ...stored, [part]: bytes };
        await expect(contacts.find(mine, T0)).rejects.toThrow();
      }
      row = { ...stored, key_id: "other" };
      await expect(contacts.find(mine, T0)).rejects.toThrow();
    });
  });
});
