import type { components } from "./api.ts";
import { PaymentError } from "./errors.ts";
import type { HttpAnswer, Ports } from "./ports.ts";

type Problem = components["schemas"]["Problem"];

/** One call. `key` names its effect, so that the call can be repeated. */
export type Call = {
  method: "GET" | "POST";
  /** Behind the base URL, with the query. */
  path: string;
  headers?: Record<string, string>;
  body?: string;
  key?: string;
};

/** Returns the headers that say who calls. It is asked anew for each attempt. */
export type Credentials = (request: {
  method: string;
  url: string;
  body: string | undefined;
}) => Record<string, string> | Promise<Record<string, string>>;

export type CallOptions = {
  /** Milliseconds after which a call that fails is not repeated any more. */
  giveUpAfterMs?: number;
  /** Ends the call; it then throws the signal's reason. */
  signal?: AbortSignal;
};

export type Answered = { status: number; body: unknown; etag: string | null; retryAfterSeconds: number | undefined };

// Longer than the service's own limit, so that its answer arrives.
const ATTEMPT_MS = 35_000;
const FIRST_BACKOFF_MS = 1_000;
const LAST_BACKOFF_MS = 30_000;

/** Sends calls, and repeats those that are worth it. Every call here has the same effect however often it arrives. */
export class Transport {
  readonly #baseUrl: string;
  readonly #credentials: Credentials;
  readonly #ports: Ports;

  constructor(baseUrl: string, credentials: Credentials, ports: Ports) {
    this.#baseUrl = baseUrl.replace(/\/+$/, "");
    this.#credentials = credentials;
    this.#ports = ports;
  }

  /**
   * Returns the first answer that is a success or 304.
   * @throws PaymentError when the answer is a refusal, or when the next repetition would come after the limit
   */
  async send(call: Call, { giveUpAfterMs, signal }: CallOptions & { giveUpAfterMs: number }): Promise<Answered> {
    const end = this.#ports.now() + giveUpAfterMs;
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.#attempt(call, signal);
      if (!(outcome instanceof PaymentError)) return outcome;
      if (!isWorthRepeating(outcome)) throw outcome;
      const { retryAfterSeconds } = outcome;
      const waitMs = retryAfterSeconds === undefined ? this.#backoffMs(attempt) : retryAfterSeconds * 1_000;
      if (this.#ports.now() + waitMs > end) throw outcome;
      await this.pause(waitMs, signal);
    }
  }

  /** Waits. @throws the signal's reason */
  async pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    await new Promise<void>((resolve) => {
      const end = () => {
        cancel();
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const cancel = this.#ports.after(ms, end);
      signal?.addEventListener("abort", end);
    });
    signal?.throwIfAborted();
  }

  async #attempt(call: Call, signal: AbortSignal | undefined): Promise<Answered | PaymentError> {
    signal?.throwIfAborted();
    const { method, path, body, key } = call;
    const url = `${this.#baseUrl}${path}`;
    const headers = {
      accept: "application/json",
      ...call.headers,
      ...(await this.#credentials({ method, url, body })),
    };
    const controller = new AbortController();
    const abort = () => controller.abort();
    const cancel = this.#ports.after(ATTEMPT_MS, abort);
    signal?.addEventListener("abort", abort);
    try {
      const answer = await this.#ports.fetch(url, {
        method,
        headers,
        ...(body === undefined ? {} : { body }),
        signal: controller.signal,
        cache: "no-store",
      });
      return read(answer, await answer.text(), key);
    } catch (cause) {
      signal?.throwIfAborted();
      return new PaymentError("The payment service did not answer.", { code: "no_answer", idempotencyKey: key, cause });
    } finally {
      cancel();
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Between the half of a doubling time and all of it, so that many callers do not come back at once. */
  #backoffMs(attempt: number): number {
    const longest = Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt);
    const [byte = 0] = this.#ports.randomBytes(1);
    return Math.round(longest * (0.5 + byte / 510));
  }
}

function isWorthRepeating({ code, status = 0, retryAfterSeconds }: PaymentError): boolean {
  if (code === "no_answer" || status === 429) return true;
  // A conflict that ends by itself names when.
  if (status === 409) return retryAfterSeconds !== undefined;
  return status >= 500 && code !== "internal_error";
}

function read(answer: HttpAnswer, text: string, key: string | undefined): Answered | PaymentError {
  const { status, headers } = answer;
  const retryAfterSeconds = retryAfterOf(headers);
  const body = parsed(text);
  if (status === 304 || (status >= 200 && status < 300 && body !== undefined)) {
    return { status, body, etag: headers.get("etag"), retryAfterSeconds };
  }
  const problem = isProblem(body) ? body : undefined;
  return new PaymentError(problem?.detail ?? `The payment service cannot be reached (HTTP ${status}).`, {
    code: problem?.code ?? "answer_unknown",
    status,
    problem,
    retryAfterSeconds,
    idempotencyKey: key,
  });
}

/** Seconds. A date is compared with the sender's own clock, because this machine's clock may be wrong. */
function retryAfterOf(headers: HttpAnswer["headers"]): number | undefined {
  const text = headers.get("retry-after") ?? "";
  if (/^\d+$/.test(text)) return Number(text);
  const seconds = Math.ceil((Date.parse(text) - Date.parse(headers.get("date") ?? "")) / 1_000);
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isProblem(body: unknown): body is Problem {
  return hasTexts(body, ["code", "detail", "request_id"]);
}

/** Whether a body is an object that has these texts. */
export function hasTexts(body: unknown, names: readonly string[]): boolean {
  if (typeof body !== "object" || body === null) return false;
  const fields = new Map<string, unknown>(Object.entries(body));
  return names.every((name) => typeof fields.get(name) === "string");
}
