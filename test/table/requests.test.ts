import { expect, test } from "vitest";
import { DependencyUnavailable } from "../../lib/domain/errors.ts";
import { DAY_MS } from "../../lib/domain/time.ts";
import { RequestTable } from "../../lib/table/requests.ts";
import { MemoryTable } from "../support/memory-table.ts";
import { aRef, T0 } from "../support/payments.ts";
import { answering } from "../support/table-client.ts";

const aRequest = (by = "me") => ({ ref: aRef(), fields: { property_id: "p" }, recordedAt: T0, by });

function start() {
  const memory = new MemoryTable();
  return { memory, requests: new RequestTable(memory.client, "payments") };
}

test("a request's row keeps what was asked, when and by which invocation, and nothing else", async () => {
  const { memory, requests } = start();
  const request = aRequest();
  await requests.record("hash", request);
  expect(memory.rows.get("R#hash")).toEqual({
    pk: "R#hash",
    ref: request.ref,
    fields: { property_id: "p" },
    recorded_at: T0,
    by: "me",
  });
  expect(await requests.find("hash")).toEqual(request);
  expect(await requests.find("other")).toBeUndefined();
});

test("a refused request is forgotten after a day", async () => {
  const { memory, requests } = start();
  await requests.record("hash", aRequest());
  await requests.refuse("hash", "me", T0 + 1);
  expect(memory.rows.get("R#hash")).toMatchObject({ refused: true, ttl: (T0 + DAY_MS) / 1000 + 1 });
});

test("a request is read as it is now, and a refused write shows what is stored", async () => {
  const { client, asked } = answering({}, {}, {}, {});
  const requests = new RequestTable(client, "payments");
  await requests.find("hash");
  await requests.record("hash", aRequest());
  await requests.refuse("hash", "me", T0);
  expect(asked[0]).toEqual({ TableName: "payments", Key: { pk: "R#hash" }, ConsistentRead: true });
  for (const write of asked.slice(1)) expect(write).toMatchObject({ ReturnValuesOnConditionCheckFailure: "ALL_OLD" });
});

test("a request is neither new nor a replay while the table does not answer", async () => {
  const requests = () => new RequestTable(answering(new Error("silence")).client, "payments");
  await expect(requests().record("hash", aRequest())).rejects.toThrow(DependencyUnavailable);
  await expect(requests().find("hash")).rejects.toThrow(DependencyUnavailable);
  await expect(requests().refuse("hash", "me", T0)).rejects.toThrow(DependencyUnavailable);
});

test("a request whose row is broken is not answered from it", async () => {
  const { memory, requests } = start();
  const row = { pk: "R#hash", ref: aRef(), fields: {}, recorded_at: T0, by: "me" };
  for (const change of [{ ref: "x" }, { fields: 1 }, { recorded_at: 0.5 }, { by: undefined }]) {
    memory.rows.set("R#hash", { ...row, ...change });
    await expect(requests.find("hash")).rejects.toThrow();
  }
});
