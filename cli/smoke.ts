import { readFileSync } from "node:fs";
import * as z from "zod";
import { Command } from "../commands/command.ts";
import { text, url } from "../commands/options.ts";

const command = new Command({
  name: "npm run smoke",
  summary: "Checks whether a deployed stage works, without money.",
  duration: "10 seconds",
  options: {
    stage: text("reads the addresses from .local/outputs-NAME.json (cdk deploy --outputs-file)", "NAME"),
    api: url("the address of the API; goes with --webhook"),
    webhook: url("the address for Chapa's webhooks; goes with --api"),
  },
  examples: {
    "npm run smoke -- --stage dev": "after a deployment",
    "npm run smoke -- --api URL --webhook URL": "without a file that names the addresses",
  },
  notes: "If API_KEY is set in the environment, it also requests a payment and prints its checkout. You may pay it.",
});

const OUTPUTS = z.record(z.string(), z.object({ ApiUrl: z.url(), WebhookUrl: z.url() }));
const TIMEOUT_MS = 15_000;

type Answer = { status: number; headers: Headers; text: string };
type Check = { claim: string; ask: () => Promise<Answer>; holds: (answer: Answer) => boolean };

function addresses(): { api: string; webhook: string } {
  const { stage, api, webhook } = command.read();
  if (api && webhook) return { api, webhook };
  if (!stage) return command.refuse("npm run smoke needs --stage NAME, or --api URL and --webhook URL.");
  const file = `.local/outputs-${stage}.json`;
  const [outputs] = Object.values(OUTPUTS.parse(JSON.parse(readFileSync(file, "utf8"))));
  if (!outputs) return command.refuse(`${file} names no stack.`);
  return { api: outputs.ApiUrl, webhook: outputs.WebhookUrl };
}

function checksOf(api: string, webhook: string): Check[] {
  const ask = (path: string, init: RequestInit = {}) => answerOf(`${api}${path}`, init);
  const code = (expected: string) => (answer: Answer) => codeOf(answer) === expected;
  const forged = JSON.stringify({ event: "charge.success", tx_ref: "0".repeat(20), status: "success" });
  return [
    {
      claim: "the service and its dependencies are healthy",
      ask: () => ask("/health"),
      holds: ({ status }) => status === 200,
    },
    {
      claim: "metrics can be read",
      ask: () => ask("/metrics"),
      holds: ({ text }) => text.includes("total_payments"),
    },
    {
      claim: "/openapi.json is served",
      ask: () => ask("/openapi.json"),
      holds: ({ text }) => text.startsWith('{"openapi":"3.1'),
    },
    {
      claim: "a payment cannot be requested without credentials",
      ask: () => ask("/api/v1/payments/initiate", post("{}")),
      holds: code("unauthenticated"),
    },
    {
      claim: "payments cannot be listed without credentials",
      ask: () => ask("/api/v1/payments"),
      holds: code("unauthenticated"),
    },
    { claim: "an unknown route is refused", ask: () => ask("/admin"), holds: code("route_unknown") },
    {
      claim: "requests without an AWS signature are refused",
      ask: () => ask("/internal/v1/payments"),
      holds: ({ status }) => status === 403,
    },
    {
      claim: "a webhook without a signature is refused",
      ask: () => answerOf(webhook, post(forged)),
      holds: code("unauthenticated"),
    },
    {
      claim: "a webhook with a wrong signature is refused",
      ask: () => answerOf(webhook, post(forged, { "x-chapa-signature": "0".repeat(64) })),
      holds: code("unauthenticated"),
    },
  ];
}

function post(body: string, headers: Record<string, string> = {}): RequestInit {
  return { method: "POST", body, headers: { "content-type": "application/json", ...headers } };
}

async function answerOf(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, { ...init, redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

function codeOf({ text }: Answer): string | undefined {
  return z.object({ code: z.string() }).safeParse(text.startsWith("{") ? JSON.parse(text) : undefined).data?.code;
}

async function main(): Promise<void> {
  const { api, webhook } = addresses();
  let failed = 0;
  for (const { claim, ask, holds } of checksOf(api, webhook)) {
    const answer = await ask().catch((error: unknown) => ({ status: 0, headers: new Headers(), text: String(error) }));
    const isGood = holds(answer);
    if (!isGood) failed++;
    process.stdout.write(
      `${isGood ? "✓" : "✗"} ${claim}${isGood ? "" : `: ${answer.status} ${answer.text.slice(0, 200)}`}\n`,
    );
  }
  const key = process.env["API_KEY"];
  if (key && failed === 0) await offerCheckout(api, key);
  process.exitCode = failed === 0 ? 0 : 1;
}

async function offerCheckout(api: string, key: string): Promise<void> {
  const [user_id, property_id] = [crypto.randomUUID(), crypto.randomUUID()];
  const body = JSON.stringify({ user_id, property_id, customer: {} });
  const { status, text } = await answerOf(`${api}/api/v1/payments/initiate`, post(body, { "x-api-key": key }));
  const checkout = z.object({ checkout_url: z.url(), id: z.string() }).safeParse(JSON.parse(text)).data;
  if (status !== 202 || !checkout) throw new Error(`no checkout: ${status} ${text.slice(0, 300)}`);
  process.stdout.write(`✓ payment ${checkout.id} can be paid at ${checkout.checkout_url}\n`);
}

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
});
