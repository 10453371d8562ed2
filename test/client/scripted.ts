import { type Credentials, PaymentClient, type Ports } from "../../client/src/client.ts";

/** What a request meets: an answer, or no answer at all. */
export type Scripted = { status: number; body?: unknown; headers?: Record<string, string> } | "lost";

export type Sent = { method: string; path: string; headers: Record<string, string>; body: string | undefined };

export const PAYMENT = { id: "5b0c1c0e-8f1c-4d7a-9d8a-0d3a6a1f2b11", status: "PENDING", state: "PENDING" };

export function problem(status: number, code: string, headers: Record<string, string> = {}): Scripted {
  return {
    status,
    headers,
    body: { code, detail: `It is ${code}.`, request_id: "r-1", status, title: code, type: "" },
  };
}

/** A client whose requests meet a script, and in whose world waiting takes no time. The last answer repeats. */
export function scriptedClient(script: readonly Scripted[], credentials: Credentials = () => ({})) {
  const sent: Sent[] = [];
  const waits: number[] = [];
  let elapsed = 0;
  const ports: Ports = {
    now: () => elapsed,
    // An attempt's own limit never passes, because an answer takes no time.
    after: (ms, run) => {
      if (ms === ATTEMPT_LIMIT_MS) return () => undefined;
      waits.push(ms);
      elapsed += ms;
      queueMicrotask(run);
      return () => undefined;
    },
    randomBytes: (length) => new Uint8Array(length).fill(255),
    fetch: async (url, { method, headers, body }) => {
      const { origin } = new URL(url);
      const meets = script[Math.min(sent.length, script.length - 1)];
      sent.push({ method, path: url.slice(origin.length), headers, body });
      if (meets === undefined || meets === "lost") throw new TypeError("the connection is gone");
      const answers = new Map(Object.entries(meets.headers ?? {}));
      return {
        status: meets.status,
        headers: { get: (name) => answers.get(name) ?? null },
        text: async () => (typeof meets.body === "string" ? meets.body : JSON.stringify(meets.body ?? null)),
      };
    },
  };
  const client = new PaymentClient({ baseUrl: "https://pay.example/api/v1/", credentials, ports });
  return { client, sent, waits };
}

const ATTEMPT_LIMIT_MS = 35_000;
