import type { SQSEvent } from "aws-lambda";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { Queues } from "../../local/queues.ts";
import { waitUntil } from "../support/wait-until.ts";

afterEach(() => vi.restoreAllMocks());

/** The queues with a function that handles everything, and what was lines. */
async function queuesOf(): Promise<{ queues: Queues; handled: string[]; lines: string[] }> {
  const handled: string[] = [];
  const lines: string[] = [];
  const queues = await Queues.start((line) => lines.push(line));
  onTestFinished(() => queues.stop());
  queues.connect(async (_, event) => {
    handled.push(...(event as SQSEvent).Records.map(({ body }) => body));
    return { batchItemFailures: [] };
  });
  return { queues, handled, lines };
}

/** Makes the emulator refuse the connection of the next `times` calls of an action. */
function breakNext(action: string, times: number): void {
  const real = globalThis.fetch;
  let left = times;
  vi.spyOn(globalThis, "fetch").mockImplementation((input, init) => {
    const target = new Headers(init?.headers).get("x-amz-target") ?? "";
    if (target.endsWith(action) && left-- > 0) return Promise.reject(new TypeError("fetch failed"));
    return real(input, init);
  });
}

function send(queues: Queues, body: string): Promise<Response> {
  const message = { QueueUrl: queues.url("resolve"), MessageBody: body };
  const headers = { "content-type": "application/x-amz-json-1.0", "x-amz-target": "AmazonSQS.SendMessage" };
  return fetch(queues.endpoint, { method: "POST", headers, body: JSON.stringify(message) });
}

test.each([1, 3])("a local queue whose receive fails %i times tells of it and delivers the message", async (times) => {
  const { queues, handled, lines } = await queuesOf();
  breakNext("ReceiveMessage", times);
  await send(queues, "one");
  await waitUntil(() => handled.length > 0);
  expect(handled).toEqual(["one"]);
  expect(lines).toHaveLength(times);
  expect(lines[0]).toMatch(/resolve.*tried again.*fetch failed/);
});

test("a local queue that cannot delete a handled message tells of it and goes on with the next one", async () => {
  const { queues, handled, lines } = await queuesOf();
  breakNext("DeleteMessage", 1);
  await send(queues, "one");
  await waitUntil(() => lines.length > 0);
  await send(queues, "two");
  await waitUntil(() => handled.length > 1);
  expect(handled).toEqual(["one", "two"]);
  expect(lines[0]).toMatch(/resolve.*come again.*fetch failed/);
});
