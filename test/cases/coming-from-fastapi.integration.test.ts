import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { waitUntil } from "../support/wait-until.ts";

const MAIN = new URL("../../local/main.ts", import.meta.url).pathname;
const Ready = z.looseObject({ api: z.string() });
const Begun = z.looseObject({ checkout_url: z.string(), chapa_tx_ref: z.string(), amount: z.number() });
const OWNER = "6f1d2f0e-54a1-4c7e-9d54-0d6a4b0f1c11";

/** `npm start` in a folder with this `.env`, and what it says. */
function startWith(file: string): { child: ChildProcess; output: () => string; errors: () => string } {
  const folder = mkdtempSync(join(tmpdir(), "earlier-"));
  writeFileSync(join(folder, ".env"), file);
  const { PATH = "", HOME = "", NODE_COMPILE_CACHE = "" } = process.env;
  const env = { PATH, HOME, NODE_COMPILE_CACHE };
  const child = spawn(process.execPath, [MAIN, "--port", "0", "--json"], { cwd: folder, env });
  let [output, errors] = ["", ""];
  child.stdout.on("data", (piece) => (output += piece));
  child.stderr.on("data", (piece) => (errors += piece));
  onTestFinished(() => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  return { child, output: () => output, errors: () => errors };
}

const EARLIER = `\uFEFF# Database
DATABASE_URL="postgresql://user:password@localhost:5432/payments" # PostgreSQL
CHAPA_API_KEY="CHAPUBK_TEST-canary"
CHAPA_SECRET_KEY="CHASECK_TEST-canary" # from the dashboard
CHAPA_WEBHOOK_SECRET="a-webhook-secret"
CHAPA_TEST_MODE=true
JWT_SECRET="a-secret-of-user-management"
JWT_ALGORITHM="HS256"
USER_MANAGEMENT_URL=
ENCRYPTION_KEY="a-fernet-key="
PAYMENT_SERVICE_API_KEY="key-of-a-program" # both ways
FRONTEND_REDIRECT_URL="http://localhost:3000/#/payment/success"
FIXED_AMOUNT=450
CURRENCY="ETB"
BASE_URL="http://localhost:8000/"
LOG_LEVEL="debug"
`;

test("npm start obeys a .env of the earlier service, and names each variable that it does not use", async () => {
  const started = startWith(EARLIER.replaceAll("\n", "\r\n"));
  await waitUntil(() => started.output().includes("\n"));
  const named = [...started.errors().matchAll(/^(\w+) in \.env is not used: \S.+\.$/gm)].map(([, name]) => name);
  const unused = ["CHAPA_API_KEY", "CHAPA_SECRET_KEY", "CHAPA_TEST_MODE", "DATABASE_URL", "ENCRYPTION_KEY"];
  expect(named.toSorted()).toEqual([...unused, "JWT_ALGORITHM", "LOG_LEVEL"]);
  expect(started.errors()).not.toContain("canary");

  const { api } = Ready.parse(JSON.parse(started.output()));
  const body = { property_id: "0b0a7c1e-3c1f-4f27-8a52-6f2f5f0f7a22", user_id: OWNER, amount: 450 };
  const headers = { "x-api-key": "key-of-a-program", "content-type": "application/json" };
  const begun = await fetch(`${api}/api/v1/payments/initiate`, { method: "POST", headers, body: JSON.stringify(body) });
  expect(begun.status).toBe(202);
  const { checkout_url, chapa_tx_ref, amount } = Begun.parse(await begun.json());
  expect(amount).toBe(450);
  const act = { method: "POST", headers: { "content-type": "application/json" }, body: '{"action":"pay"}' };
  // Chapa's page leads back to BASE_URL.
  expect(await (await fetch(`${checkout_url}/act`, act)).text()).toContain("http://localhost:8000/api/v1/payments/");
  const back = await fetch(`${api}/api/v1/payments/return/${chapa_tx_ref}`, { redirect: "manual" });
  expect(back.headers.get("location")).toMatch(/^http:\/\/localhost:3000\//);
});

test("npm start names what of an earlier .env it cannot use as it is written", async () => {
  const started = startWith('CURRENCY="BIRR"\nFIXED_AMOUNT="five hundred"\nBASE_URL="localhost"\n');
  await waitUntil(() => started.child.exitCode !== null);
  expect(started.child.exitCode).toBe(2);
  for (const name of ["CURRENCY", "FIXED_AMOUNT", "BASE_URL"]) expect(started.errors()).toContain(name);
});
