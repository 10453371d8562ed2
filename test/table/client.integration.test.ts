import { createServer, type RequestListener, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { PutCommand } from "@aws-sdk/lib-dynamodb";
import { afterEach, expect, test, vi } from "vitest";
import { DependencyUnavailable } from "../../lib/domain/errors.ts";
import { documentClient } from "../../lib/table/client.ts";
import { callTable } from "../../lib/table/conditional.ts";
import { reachTableAt } from "../support/tables.ts";

let server: Server;

/** A client of a table that does this with each request. */
async function clientOf(answer: RequestListener) {
  server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  reachTableAt(`http://127.0.0.1:${address.port}`);
  return documentClient();
}

afterEach(() => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
});

test("a table that never answers is asked three times and then given up", async () => {
  vi.stubEnv("DEADLINE_FACTOR", "1");
  let asked = 0;
  const client = await clientOf(() => {
    asked++;
  });
  const put = new PutCommand({ TableName: "payments", Item: { pk: "x" } });
  await expect(callTable(() => client.send(put))).rejects.toThrow(DependencyUnavailable);
  expect(asked).toBe(3);
});

test("an undefined field has no attribute in the table", async () => {
  const bodies: Promise<string>[] = [];
  const client = await clientOf((request, response) => {
    bodies.push(text(request).finally(() => response.end("{}")));
  });
  const Item = { pk: "x", absent: undefined, deep: { absent: undefined } };
  await client.send(new PutCommand({ TableName: "payments", Item }));
  const [body = ""] = await Promise.all(bodies);
  expect(JSON.parse(body)).toMatchObject({ Item: { pk: { S: "x" }, deep: { M: {} } } });
  expect(body).not.toContain("absent");
});
