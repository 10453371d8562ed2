import { onTestFinished } from "vitest";
import * as z from "zod";
import { CHAPA_DEFAULTS, type ChapaOptions, type ChapaSimulator } from "../../../local/chapa/simulator.ts";
import { startChapa } from "../../../local/chapa/start.ts";
import { type Request, serve } from "../../../local/serve.ts";

/** What the simulator answered: `body` is the JSON, or null when there was none. */
export type Reply = { status: number; headers: Headers; text: string; body: Answered };

/** Chapa's envelope, loosely: tests look at whatever they are about. */
const Answered = z.looseObject({
  message: z.unknown().optional(),
  status: z.unknown().optional(),
  data: z.record(z.string(), z.unknown()).nullish().catch(null),
});
export type Answered = z.infer<typeof Answered>;

export const KEY = CHAPA_DEFAULTS.secretKey;
export const LIVE_KEY = KEY.replace("_TEST", "");
export const MINUTE = 60_000;

/** A merchant's server that keeps what it was sent. Answers 200 unless `answers` says otherwise, one by one. */
export type Inbox = { url: string; received: Request[]; answers: number[]; webhooks(): z.infer<typeof Webhook>[] };

const Webhook = z.looseObject({
  event: z.string().optional(),
  status: z.string().optional(),
  tx_ref: z.string().optional(),
});

export type Lab = {
  chapa: ChapaSimulator;
  inbox: Inbox;
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  initialize(fields?: Record<string, unknown>): Promise<Reply>;
  /** Opens a checkout and returns its tx_ref and address. */
  open(fields?: Record<string, unknown>): Promise<{ txRef: string; url: string }>;
  verify(txRef: string): Promise<Reply>;
  cancel(txRef: string): Promise<Reply>;
  /** What verify says about the payment itself. */
  statusOf(txRef: string): Promise<unknown>;
  /** Acts as the payer, and waits for whatever Chapa sends because of it. */
  act: ChapaSimulator["act"];
  /** Asks the control API. */
  control(method: string, path: string, body?: unknown): Promise<Reply>;
};

let serial = 0;

/** A simulator and a merchant for one test; both are gone when it ends. */
export async function startLab({ key = KEY, ...options }: ChapaOptions & { key?: string } = {}): Promise<Lab> {
  const inbox = await openInbox();
  const chapa = await startChapa({ webhookUrl: `${inbox.url}/webhook`, ...options });
  onTestFinished(() => chapa.close());
  const call: Lab["call"] = (method, path, body, headers = { authorization: `Bearer ${key}` }) =>
    ask(`${chapa.apiBase}${path}`, { method, body, headers });
  const initialize: Lab["initialize"] = (fields = {}) => {
    const order = { amount: "500.00", currency: "ETB", tx_ref: `LAB${String(serial++).padStart(12, "0")}`, ...fields };
    return call("POST", "/transaction/initialize", order);
  };
  const verify: Lab["verify"] = (txRef) => call("GET", `/transaction/verify/${encodeURIComponent(txRef)}`);
  return {
    chapa,
    inbox,
    call,
    initialize,
    verify,
    statusOf: async (txRef) => (await verify(txRef)).body.data?.["status"],
    act: async (...acted) => {
      const result = await chapa.act(...acted);
      await chapa.settled();
      return result;
    },
    open: async (fields = {}) => {
      const txRef =
        typeof fields["tx_ref"] === "string" ? fields["tx_ref"] : `LAB${String(serial++).padStart(12, "0")}`;
      const reply = await initialize({ ...fields, tx_ref: txRef });
      return { txRef, url: z.string(reply.text).parse(reply.body.data?.["checkout_url"]) };
    },
    cancel: (txRef) => call("PUT", `/transaction/cancel/${encodeURIComponent(txRef)}`),
    control: (method, path, body) => ask(`${chapa.control}/__sim${path}`, { method, body }),
  };
}

/** A simulator and a merchant, and a checkout that is open there. */
export async function startCheckout(
  fields: Record<string, unknown> = {},
  options: Parameters<typeof startLab>[0] = {},
) {
  const lab = await startLab(options);
  return { ...lab, ...(await lab.open(fields)) };
}

/** One request; a body that is not text goes out as JSON. Redirects are not followed. */
export async function ask(
  url: string,
  { method, body, headers }: { method: string; body?: unknown; headers?: Record<string, string> },
): Promise<Reply> {
  const isText = typeof body === "string" || body instanceof URLSearchParams;
  const sent = body === undefined ? null : isText ? body : JSON.stringify(body);
  const response = await fetch(url, {
    method,
    redirect: "manual",
    headers: { ...(body === undefined || isText ? {} : { "content-type": "application/json" }), ...headers },
    body: sent,
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: Answered.catch({}).parse(parse(text)) };
}

async function openInbox(): Promise<Inbox> {
  const received: Request[] = [];
  const answers: number[] = [];
  const server = await serve("merchant", 0, (request) => {
    received.push(request);
    return { status: answers.shift() ?? 200 };
  });
  onTestFinished(() => server.close());
  const webhooks = () =>
    received.filter(({ method }) => method === "POST").map(({ body }) => Webhook.parse(JSON.parse(String(body))));
  return { url: server.origin, received, answers, webhooks };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
