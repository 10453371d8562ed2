import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { waitUntil } from "../../support/wait-until.ts";
import { ask, KEY } from "./lab.ts";

const MAIN = new URL("../../../local/chapa/main.ts", import.meta.url).pathname;

function start(...args: string[]): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (piece) => (text += piece));
  onTestFinished(() => void child.kill("SIGKILL"));
  return { child, output: () => text };
}

async function run(...args: string[]): Promise<{ code: unknown; output: string }> {
  const { child, output } = start(...args);
  const [code] = await once(child, "close");
  return { code, output: output() };
}

test.each(["SIGINT", "SIGTERM"] as const)(
  "npm run chapa serves its printed address, logs each request, and stops cleanly on %s",
  async (signal) => {
    const { child, output } = start("--port", "0", "--autopilot");
    await waitUntil(() => output().includes("curl"));
    const [, api] = /API\s+(\S+)/.exec(output()) ?? [];
    const [, control] = /control\s+(\S+)/.exec(output()) ?? [];

    const headers = { authorization: `Bearer ${KEY}` };
    const body = { amount: "500.00", currency: "ETB", tx_ref: "FIRST" };
    expect((await ask(`${api}/transaction/initialize`, { method: "POST", headers, body })).status).toBe(200);
    expect((await ask(`${control}/state`, { method: "GET" })).text).toContain('"tx_ref":"FIRST"');
    await waitUntil(() => output().includes("POST /v1/transaction/initialize 200"));
    await waitUntil(() => output().includes("webhook charge.success FIRST → no address"));
    child.kill(signal);

    expect(await once(child, "close")).toEqual([0, null]);
  },
);

test("npm run chapa explains itself on --help", async () => {
  const { code, output } = await run("--help");

  expect(code).toBe(0);
  expect(output).toContain("--webhook-url");
});

test.each([
  [["--port", "many"], "--port must be a whole number between 0 and 65535"],
  [["--profile", "friendly"], "--profile must be one of"],
  [["--webhook-url", "nowhere"], "--webhook-url must be an http or https URL"],
  [["--secret-key", "CHASECK-0123456789abcdef0123456789abcdef"], "CHASECK_TEST-sim"],
  [["--frobnicate"], "--frobnicate"],
])("npm run chapa refuses %j in a sentence, with exit code 2", async (args, sentence) => {
  const { code, output } = await run(...args);

  expect(code).toBe(2);
  expect(output).toContain(sentence);
  expect(output).not.toContain("    at ");
});

test("npm run chapa names a port that is taken, with exit code 2", async () => {
  const other = createServer();
  onTestFinished(() => void other.close());
  other.listen(0, "127.0.0.1");
  await once(other, "listening");
  const address = other.address();
  const port = typeof address === "object" ? String(address?.port) : "";

  const { code, output } = await run("--port", port, "--control-port", "0");

  expect(code).toBe(2);
  expect(output).toContain(`port ${port} is taken`);
});
