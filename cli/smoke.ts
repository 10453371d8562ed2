import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import * as z from "zod";

const HELP = `Asks a deployed stage whether it is there, without money.

  npm run smoke -- --stage dev          reads .local/outputs-dev.json (cdk deploy --outputs-file)
  npm run smoke -- --api URL --webhook URL

With API_KEY in the environment it also asks for a payment and prints its checkout, to be paid or left alone.
`;

const OUTPUTS = z.record(z.string(), z.object({ ApiUrl: z.url(), WebhookUrl: z.url() }));
const TIMEOUT_MS = 15_000;

type Answer = { status: number; headers: Headers; text: string };
type Check = { what: string; ask: () => Promise<Answer>; holds: (answer: Answer) => boolean };

class BadOption extends Error {}

function addresses(): { api: string; webhook: string } {
  const { values } = parseArgs({
    options: {
      stage: { type: "string" },
      api: { type: "string" },
      webhook: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) throw new BadOption(HELP);
  if (values.api && values.webhook) return { api: values.api, webhook: values.webhook };
  if (!values.stage) throw new BadOption(HELP);
  const file = `.local/outputs-${values.stage}.json`;
  const [outputs] = Object.values(OUTPUTS.parse(JSON.parse(readFileSync(file, "utf8"))));
  if (!outputs) throw new BadOption(`${file} names no stack`);
  return { api: outputs.ApiUrl, webhook: outputs.WebhookUrl };
}

function checksOf(api: string, webhook: string): Check[] {
  const ask = (path: string, init: RequestInit = {}) => answerOf(`${api}${path}`, init);
  const code = (expected: string) => (answer: Answer) => codeOf(answer) === expected;
  const forged = JSON.stringify({ event: "charge.success", tx_ref: "0".repeat(20), status: "success" });
  return [
    {
      what: "it is healthy, and so is what it stands on",
      ask: () => ask("/health"),
      holds: ({ status }) => status === 200,
    },
    {
      what: "its metrics can be read",
      ask: () => ask("/metrics"),
      holds: ({ text }) => text.includes("total_payments"),
    },
    {
      what: "it describes itself",
      ask: () => ask("/openapi.json"),
      holds: ({ text }) => text.startsWith('{"openapi":"3.1'),
    },
    {
      what: "nobody begins a payment",
      ask: () => ask("/api/v1/payments/initiate", post("{}")),
      holds: code("unauthenticated"),
    },
    { what: "nobody sees payments", ask: () => ask("/api/v1/payments"), holds: code("unauthenticated") },
    { what: "what nobody listed is closed", ask: () => ask("/admin"), holds: code("route_unknown") },
    {
      what: "unsigned requests stop at the gateway",
      ask: () => ask("/internal/v1/payments"),
      holds: ({ status }) => status === 403,
    },
    {
      what: "a webhook that is not signed is refused",
      ask: () => answerOf(webhook, post(forged)),
      holds: code("unauthenticated"),
    },
    {
      what: "a webhook with a wrong signature is refused",
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
  for (const { what, ask, holds } of checksOf(api, webhook)) {
    const answer = await ask().catch((error: unknown) => ({ status: 0, headers: new Headers(), text: String(error) }));
    const isGood = holds(answer);
    if (!isGood) failed++;
    process.stdout.write(
      `${isGood ? "✓" : "✗"} ${what}${isGood ? "" : `: ${answer.status} ${answer.text.slice(0, 200)}`}\n`,
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
  process.exitCode = error instanceof BadOption ? 2 : 1;
});
