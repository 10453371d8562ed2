import { expect, onTestFinished, test } from "vitest";
import { call } from "../../lib/runtime/call.ts";
import { inInvocation } from "../../lib/runtime/invocation.ts";
import { serve } from "../../local/serve.ts";
import { aContext } from "../support/events.ts";

const TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

test("a caller's trace goes on to each service that is called in its course, and nothing else does", async () => {
  const response: (string | string[] | undefined)[] = [];
  const server = await serve("sibling", 0, ({ headers }) => {
    response.push(headers["traceparent"]);
    return { status: 200 };
  });
  onTestFinished(() => server.close());
  const ask = () => call({ method: "GET", url: server.origin, timeoutMs: 1000 });
  const asked = [TRACE, undefined, "garbage\r\nx: y"].map((trace) => inInvocation(aContext(), trace, ask));
  await Promise.all([...asked, ask()]);
  expect(response.filter((trace) => trace !== undefined)).toEqual([TRACE]);
  expect(response).toHaveLength(4);
});
