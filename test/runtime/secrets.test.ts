import { afterEach, beforeEach, expect, test } from "vitest";
import * as z from "zod";
import { DependencyUnavailable } from "../../lib/domain/errors.ts";
import { Secret, secretsClient } from "../../lib/runtime/secrets.ts";
import { FaultPlan } from "../../local/faults.ts";
import { startSecrets } from "../../local/secrets.ts";
import type { Listening } from "../../local/serve.ts";

const Shape = z.object({ key: z.string() });

let values: Map<string, object>;
let server: Listening;
let faults: FaultPlan;
let now: number;
let secret: Secret<z.infer<typeof Shape>>;
let logged: object[];

beforeEach(async () => {
  values = new Map<string, object>([["arn:one", { key: "a" }]]);
  faults = new FaultPlan(() => 0);
  server = await startSecrets(values, faults);
  Object.assign(process.env, {
    AWS_REGION: "eu-west-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_ENDPOINT_URL_SECRETS_MANAGER: server.origin,
  });
  now = 1_000_000;
  logged = [];
  const log = { error: (message: string, fields: object = {}) => logged.push({ message, ...fields }) };
  secret = new Secret(
    { client: secretsClient(), arn: "arn:one" },
    Shape,
    { now: () => now, sleep: async () => undefined },
    log,
  );
});
afterEach(() => server.close());

test("a secret is kept for five minutes and then read again", async () => {
  expect(await secret.get()).toEqual({ key: "a" });
  values.set("arn:one", { key: "b" });
  now += 4 * 60_000;
  expect(await secret.get()).toEqual({ key: "a" });
  now += 60_001;
  expect(await secret.get()).toEqual({ key: "b" });
});

test("a secret that was refused is read again, but not once for each refused stranger", async () => {
  await secret.get();
  values.set("arn:one", { key: "b" });
  expect(await secret.renewed()).toEqual({ key: "b" });
  values.set("arn:one", { key: "c" });
  now += 29_000;
  expect(await secret.renewed()).toEqual({ key: "b" });
  now += 1_001;
  expect(await secret.renewed()).toEqual({ key: "c" });
  expect(await secret.get()).toEqual({ key: "c" });
});

test("all calls that were refused meanwhile wait for the one new read of a secret", async () => {
  await secret.get();
  values.set("arn:one", { key: "b" });
  const all = await Promise.all(Array.from({ length: 5 }, () => secret.renewed()));
  expect(all).toEqual(Array.from({ length: 5 }, () => ({ key: "b" })));
});

test("a secret is served stale while its store does not answer", async () => {
  await secret.get();
  await faults.set("500");
  now += 3_600_000;
  expect(await secret.get()).toEqual({ key: "a" });
});

test("a secret is served stale for half a minute after its store failed, without another read", async () => {
  await secret.get();
  await faults.set("500");
  now += 3_600_000;
  expect(await secret.get()).toEqual({ key: "a" });
  await faults.clear();
  values.set("arn:one", { key: "b" });
  now += 29_000;
  expect(await secret.get()).toEqual({ key: "a" });
  expect(await secret.renewed()).toEqual({ key: "a" });
  now += 1_001;
  expect(await secret.get()).toEqual({ key: "b" });
});

test("a secret that was never read is an outage and not a fault, and is read again at the next call", async () => {
  await faults.set("500");
  await expect(secret.get()).rejects.toThrow(DependencyUnavailable);
  await faults.clear();
  expect(await secret.get()).toEqual({ key: "a" });
});

test("a secret of the wrong shape is never used, and the log names the field and not the value", async () => {
  values.set("arn:one", { key: 5417 });
  await expect(secret.get()).rejects.toThrow(DependencyUnavailable);
  expect(logged).toEqual([
    { message: "secret_malformed", secret: "arn:one", fields: "key", reason: expect.any(String) },
  ]);
  expect(JSON.stringify(logged)).not.toContain("5417");
});

test("a secret that is not JSON is reported as such", async () => {
  values.set("arn:one", []);
  await expect(secret.get()).rejects.toThrow(DependencyUnavailable);
  expect(logged).toEqual([
    { message: "secret_malformed", secret: "arn:one", fields: "not a JSON object", reason: expect.any(String) },
  ]);
});

test("a secret that was replaced by a malformed one keeps its value, and the log says so", async () => {
  await secret.get();
  values.set("arn:one", { other: "b" });
  now += 5 * 60_000 + 1;
  expect(await secret.get()).toEqual({ key: "a" });
  expect(logged).toEqual([
    { message: "secret_malformed", secret: "arn:one", fields: "key", reason: expect.any(String) },
  ]);
});
