import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { budgetsFor, CEILINGS, faultsIn, LIMITED, writtenBudgets } from "../../.ci/bundle/budget.ts";
import { type Bundle, bundle, bundleFunctions, packageOf } from "../../.ci/bundle/bundle.ts";
import { FUNCTIONS, type FunctionName } from "../../lib/contract/functions.ts";
import { startRedis } from "../../local/redis/bridge.ts";

const run = promisify(execFile);
const ROOT = new URL("../../", import.meta.url).pathname;
const PACKAGES = ["@aws-sdk/client-dynamodb", "@aws-sdk/client-sqs", "@upstash/ratelimit"] as const;
// Its table is only read for calls that Chapa did not sign, so the client lies in a file of its own.
const LATE: readonly FunctionName[] = ["chapa-webhook"];

const names = Object.keys(FUNCTIONS) as FunctionName[];
const folder = mkdtempSync(join(tmpdir(), "bundles-"));
const bundled = new Map<string, Bundle>();

beforeAll(async () => {
  for (const one of await bundleFunctions(folder)) bundled.set(one.name, one);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Bundles a program that is not one of the functions. */
async function bundleOf(name: string, source: string): Promise<Bundle> {
  const file = join(folder, `${name}.ts`);
  writeFileSync(file, source);
  const [one] = await bundle({ [name]: file }, folder);
  if (!one) throw new Error(`${name} was not bundled`);
  return one;
}

test.each(names)("the function %s bundles the clients of its own variables, and no others", (name) => {
  const given: readonly string[] = FUNCTIONS[name].env;
  const packages = [...(bundled.get(name)?.inputs.keys() ?? [])].map(packageOf);
  const needs = {
    "@aws-sdk/client-dynamodb": given.includes("TABLE_NAME") && !LATE.includes(name),
    "@aws-sdk/client-sqs": given.some((variable) => /_(QUEUE|DLQ)_URL$/.test(variable)),
    "@upstash/ratelimit": LIMITED.includes(name),
  };
  expect(Object.fromEntries(PACKAGES.map((client) => [client, packages.includes(client)]))).toEqual(needs);
});

test("every bundle is within its budget, and contains nothing that no bundle may contain", () => {
  expect(faultsIn([...bundled.values()], writtenBudgets())).toEqual([]);
});

test("a schema is in the bundles of the functions that use it, and in no others", () => {
  // A long line of a bundle is broken, also within a text.
  const saying = (name: FunctionName) =>
    readFileSync(join(folder, name, "index.mjs"), "utf8")
      .replaceAll("\\\n", "")
      .includes("In birr. Must equal");
  expect(saying("initiate-payment")).toBe(true);
  expect(saying("get-payment-status")).toBe(false);
});

test("no budget is above its ceiling", () => {
  const budgets = writtenBudgets();
  expect(Object.keys(budgets).toSorted()).toEqual(names.toSorted());
  for (const [name, ceiling] of Object.entries(CEILINGS)) expect(budgets[name]).toBeLessThanOrEqual(ceiling);
});

test("one import of the limiter in a function that limits no calls is a fault of the build, and over its budget", async () => {
  const slow = await bundleOf(
    "get-payment-status",
    `import { createLimiter } from "${ROOT}lib/composition/limiter.ts";
     export const limiter = createLimiter;
     export { handler } from "${ROOT}functions/get-payment-status.ts";`,
  );
  const faults = faultsIn([slow], writtenBudgets());
  expect(faults[0]).toMatch(/^get-payment-status is [\d.]+ KB; its budget is \d+ KB$/);
  expect(faults[1]).toBe("get-payment-status contains @upstash/ratelimit, although it limits no calls");
});

test.each([
  ["the credential chain", "@aws-sdk/credential-provider-ini", "the SDK's chain of credentials"],
  ["zod's locales", "zod/locales", "zod's locales"],
  ["the SDK's cache of endpoints", "mnemonist/lru-cache.js", "mnemonist, the cache of endpoints"],
])("a bundle with %s is a fault of the build", async (_what, module, reason) => {
  const one = await bundleOf(
    "no-route",
    `import * as all from "${import.meta.resolve(module).replace("file://", "")}"; export const handler = all;`,
  );
  expect(faultsIn([one], budgetsFor([one]))).toEqual([`no-route contains ${reason}`]);
});

test("the Redis client of the bundles limits and remembers as the whole package does", async () => {
  await bundleOf(
    "redis",
    `import { SharedRedis } from "${ROOT}lib/redis/shared-redis.ts";
     import { SharedLimiter } from "${ROOT}lib/redis/limiter.ts";
     export { SharedLimiter, SharedRedis };`,
  );
  const bridge = await startRedis(undefined);
  try {
    const program = `
      const { SharedLimiter, SharedRedis } = await import(process.argv[1]);
      const redis = new SharedRedis(async () => JSON.parse(process.argv[2]), { now: Date.now }, console);
      const limit = { name: "tries", limit: 1, redis, hashKey: async () => "key", clock: { now: Date.now }, count: () => {} };
      const allowed = [];
      // Another limiter each time, because one would know the refusal by itself.
      for (let call = 0; call < 2; call++) allowed.push((await new SharedLimiter(limit).take("a")).allowed);
      await redis.ask((client) => client.set("word", { is: "kept" }, { px: 60_000 }));
      const { answer } = await redis.ask((client) => client.get("word"));
      const undici = process.moduleLoadList.filter((module) => /undici/.test(module));
      process.stdout.write(JSON.stringify({ allowed, answer, undici }));`;
    const at = JSON.stringify({ url: bridge.origin, token: bridge.token });
    const args = ["--input-type=module", "-e", program, join(folder, "redis/index.mjs"), at];
    const { stdout } = await run(process.execPath, args, { env: { DEADLINE_FACTOR: "20" } });
    expect(JSON.parse(stdout)).toEqual({ allowed: [true, false], answer: { is: "kept" }, undici: [] });
  } finally {
    await bridge.close();
  }
});
