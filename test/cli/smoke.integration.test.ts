import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Stage } from "../../local/demo/stage.ts";
import { openStage } from "../support/stage.ts";

const run = promisify(execFile);
const ROOT = new URL("../../", import.meta.url).pathname;

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

const smoke = (args: string[], env: Record<string, string> = {}) =>
  run(process.execPath, ["cli/smoke.ts", ...args], { cwd: ROOT, env: { PATH: process.env["PATH"], ...env } });

test("a stage that works passes, and with a key a checkout is offered", async () => {
  const { api, webhook, apiKey } = stage.cloud.address;
  const { stdout } = await smoke(["--api", api, "--webhook", webhook], { API_KEY: apiKey });
  expect(stdout).not.toContain("✗");
  expect(stdout.match(/✓/g)).toHaveLength(10);
  expect(stdout).toMatch(/can be paid at http/);
});

test("a stage that does not work fails the smoke test, and the output says what", async () => {
  const { api, webhook } = stage.cloud.address;
  await stage.cloud.fault("chapa", "down");
  await stage.cloud.advance(60_000);
  await expect(smoke(["--api", api, "--webhook", webhook])).rejects.toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/✗ the service and its dependencies are healthy.*503/),
  });
});

test("the smoke test without an address says in a sentence which option is missing", async () => {
  await expect(smoke([])).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining("--stage NAME") });
});
