import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { expect, test } from "vitest";
import { DependencyUnavailable } from "../../lib/domain/errors.ts";
import { Santim } from "../../lib/domain/money.ts";
import { MarkTable } from "../../lib/table/marks.ts";
import { NotificationPauseTable } from "../../lib/table/notification-pause.ts";
import { PaymentTable } from "../../lib/table/payments.ts";
import { SYSTEM_PORTS } from "../../lib/table/ports.ts";
import { primeTable } from "../../lib/table/prime-table.ts";
import { RefundLimitTable } from "../../lib/table/refund-limits.ts";
import { TX_STAGE } from "../../local/environment.ts";
import { aClaim, anOpened, aRef, T0 } from "../support/payments.ts";
import { answering, seenPorts } from "../support/table-client.ts";

type Ask = (client: DynamoDBDocumentClient) => Promise<unknown>;
const payments = (client: DynamoDBDocumentClient) => new PaymentTable(client, "payments", TX_STAGE, seenPorts().ports);
const refund = { by: "abebe", at: T0, reference: "a", amount: Santim.parse(5) };
const message = { ref: aRef(), version: 1, event: "paid" } as const;
const mark = { by: "one", tries: 1, triedAt: undefined, sentAt: undefined };

test.each<[string, Ask]>([
  ["an attempt by Chapa's reference", (client) => payments(client).pointed("AP1")],
  ["a payment", (client) => payments(client).find(aRef())],
  ["the end of a pause of messages", (client) => new NotificationPauseTable(client, "payments").end()],
])("%s is read as it is now", async (_, ask) => {
  const { client, asked } = answering({});
  await ask(client);
  expect(asked).toMatchObject([{ ConsistentRead: true }]);
});

test("several payments, and the marks of their messages, are read as they are now", async () => {
  const { client, asked } = answering({ Responses: {} }, { Responses: {} });
  await payments(client).findAll([aRef()]);
  await new MarkTable(client, "payments").messagesOf(aRef(), [1]);
  expect(asked.map(({ RequestItems }) => RequestItems)).toEqual([
    { payments: { Keys: [expect.anything()], ConsistentRead: true } },
    { payments: { Keys: expect.anything(), ConsistentRead: true } },
  ]);
});

const claim = aClaim();
test.each<[string, Ask]>([
  ["a pointer", (client) => payments(client).point("AP1", { ref: claim.ref, attempt: 0 })],
  ["a new payment", (client) => payments(client).create(claim)],
  ["a payment", (client) => payments(client).save(claim, anOpened(claim.ref))],
  ["the removal of a claim", (client) => payments(client).discard(claim)],
  ["a later date", (client) => payments(client).postpone({ ref: claim.ref, dueAt: T0 }, T0 + 1)],
  ["the mark of a message", (client) => new MarkTable(client, "payments").begin(message, mark, T0)],
  ["a refund of a day", (client) => new RefundLimitTable(client, "payments").take(refund, 10, "me")],
  ["a refund that goes out of its day", (client) => new RefundLimitTable(client, "payments").giveBack(refund)],
])(
  "the write of %s asks for the row that refuses it, so that a lost answer can be told from a lost race",
  async (_, write) => {
    const { client, asked } = answering({});
    await write(client);
    expect(asked).toMatchObject([{ ReturnValuesOnConditionCheckFailure: "ALL_OLD" }]);
  },
);

test("the mark of a message that was never tried or sent has no moment of it", async () => {
  const { client, asked } = answering({});
  await new MarkTable(client, "payments").begin(message, mark, T0);
  expect(Object.keys(asked[0]?.["Item"] as object).toSorted()).toEqual(["by", "pk", "tries", "ttl"]);
});

test("a table is primed by a read of its smallest row", async () => {
  const { client, asked } = answering({});
  await primeTable(client, "payments");
  expect(asked).toEqual([{ TableName: "payments", Key: { pk: "H#table" } }]);
});

test("a read of many that fails for another reason than a row fails, and an unreadable row that is no payment's, too", async () => {
  const broken = { ...seenPorts().ports, count: () => raise() };
  const { client } = answering({ Responses: { payments: [{ pk: "P#G85FR23GHWFN3DNF", schema: 9 }] } });
  await expect(new PaymentTable(client, "payments", TX_STAGE, broken).findAll([aRef()])).rejects.toThrow("no metrics");
  const other = answering({ Responses: { payments: [{ pk: "P#x", schema: 9 }] } });
  await expect(payments(other.client).findAll([aRef()])).rejects.toThrow();
});

function raise(): never {
  throw new Error("no metrics");
}

test("what the table is and what is wrong in a row are named", async () => {
  const { client } = answering(...Array.from({ length: 9 }, () => ({ UnprocessedKeys: { payments: { Keys: [{}] } } })));
  await expect(payments(client).findAll([aRef()])).rejects.toThrow(new DependencyUnavailable("The table"));
  const { ports, said } = seenPorts();
  const wrong = { pk: "P#G85FR23GHWFN3DNF", schema: 9, attempts: { 0: { opened_at: "x" } } };
  const rows = answering({ Item: wrong }, { Items: [{ pk: "P#x" }] });
  const table = new PaymentTable(rows.client, "payments", TX_STAGE, ports);
  await expect(table.find(aRef())).rejects.toThrow();
  await table.due("0", { from: 0, to: T0 }, 5);
  const [[, fields], [, key]] = said as [[string, { attributes: string }], [string, object]];
  expect(fields.attributes).toMatch(/^schema, .*, [a-z_]+/);
  expect(fields.attributes).toContain(", attempts.");
  expect(key).toMatchObject({ row: "P#x" });
});

test("the system's chance is a number from 0 to below 1", () => {
  const drawn = SYSTEM_PORTS.random();
  expect(drawn >= 0 && drawn < 1).toBe(true);
});
