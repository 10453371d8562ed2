import type { ServerResponse } from "node:http";
import * as z from "zod";
import type { Answer, Request } from "./serve.ts";

/** Faults that every server can have. `down` refuses connections; the others act on requests. */
const GENERAL = [
  "down",
  "latency",
  "timeoutBeforeEffect",
  "timeoutAfterEffect",
  "resetBeforeHeaders",
  "resetAfterEffect",
  "resetMidBody",
  "429",
  "500",
  "502",
  "503",
  "504",
  "malformedJson",
  "wrongContentType",
  "nullData",
  "redirect302",
] as const;

const GeneralFault = z.enum(GENERAL);

/**
 * A fault and when it is applied: to requests whose `METHOD /path`, or action of AWS, contains `route`, from the `nth` such request on (1 is
 * the first), `times` times (without limit if absent), each with `probability`. `ms` is the delay of `latency`. `body` is
 * the kind of body of a 5xx. `retryAfter` is sent with 429, in seconds. `word` and `trace` are for a server's own faults.
 */
const Rule = z.object({
  fault: z.string(),
  route: z.string().optional(),
  nth: z.number().int().min(1).default(1),
  times: z.number().int().min(1).optional(),
  probability: z.number().min(0).max(1).default(1),
  ms: z.number().int().min(0).default(2000),
  body: z.enum(["json", "html", "empty"]).default("json"),
  retryAfter: z.number().int().optional(),
  word: z.string().optional(),
  trace: z.enum(["charge", "reference"]).optional(),
});
export type FaultRule = z.output<typeof Rule>;

/** A fault as callers write it: its name, or its name with the fields of a rule. */
export const FaultInput = z.union([z.string(), z.looseObject({ fault: z.string() })]);
export type FaultInput = z.infer<typeof FaultInput>;

export class UnknownFault extends Error {}

/** A server's own fault that changes its normal answer. */
export type Tamper = (answer: Answer, rule: FaultRule, request: Request) => Answer;

/** A server's own fault that answers without performing the request. */
export type Refusal = (rule: FaultRule) => Answer;

/** The faults of one server. */
export class FaultPlan {
  #rules: { rule: FaultRule; seen: number; struck: number }[] = [];
  #notifyDown: (isDown: boolean) => Promise<void> = async () => undefined;
  readonly #tampers: Record<string, Tamper>;
  readonly #refusals: Record<string, Refusal>;
  readonly #random: () => number;

  /**
   * @param random numbers in [0, 1), seeded by the caller so that a run can be repeated
   * @param tampers the server's own faults that change answers, by name
   * @param refusals the server's own faults that answer without performing the request, by name
   */
  constructor(random: () => number, tampers: Record<string, Tamper> = {}, refusals: Record<string, Refusal> = {}) {
    this.#random = random;
    this.#tampers = tampers;
    this.#refusals = refusals;
  }

  /** The names that {@link set} accepts. */
  get names(): string[] {
    return [...GENERAL, ...Object.keys(this.#tampers), ...Object.keys(this.#refusals)];
  }

  /**
   * Adds a fault. It stays until it was applied `times` times or {@link clear} is called.
   * @throws UnknownFault listing the known faults
   */
  async set(input: FaultInput): Promise<void> {
    const rule = Rule.parse(typeof input === "string" ? { fault: input } : input);
    if (!this.names.includes(rule.fault)) {
      throw new UnknownFault(`no fault "${rule.fault}"; there are: ${this.names.join(", ")}`);
    }
    if (rule.fault === "down") await this.#notifyDown(true);
    this.#rules.push({ rule, seen: 0, struck: 0 });
  }

  async clear(): Promise<void> {
    this.#rules = [];
    await this.#notifyDown(false);
  }

  /** Sets the listener for changes of `down`. */
  onDown(listener: (isDown: boolean) => Promise<void>): void {
    this.#notifyDown = listener;
  }

  /**
   * Runs `effect` with the first fault that applies to this request.
   * @returns the answer to send, or undefined if the fault needs no answer
   */
  async around(request: Request, outgoing: ServerResponse, effect: () => Promise<Answer>): Promise<Answer | undefined> {
    const rule = this.#strike(request);
    if (!rule) return effect();
    const refusal = this.#refusals[rule.fault];
    if (refusal) return refusal(rule);
    const tamper = this.#tampers[rule.fault];
    if (tamper) return tamper(await effect(), rule, request);
    switch (GeneralFault.parse(rule.fault)) {
      case "down":
        return effect();
      case "latency":
        await new Promise((resolve) => setTimeout(resolve, rule.ms));
        return effect();
      case "timeoutBeforeEffect":
        return undefined;
      case "timeoutAfterEffect":
        await effect();
        return undefined;
      case "resetBeforeHeaders":
        outgoing.destroy();
        return undefined;
      case "resetAfterEffect":
        await effect();
        outgoing.destroy();
        return undefined;
      case "resetMidBody":
        return cutInHalf(outgoing, await effect());
      case "429":
        return {
          status: 429,
          headers: rule.retryAfter === undefined ? {} : { "retry-after": String(rule.retryAfter) },
          body: { message: "Too many requests", status: "failed", data: null },
        };
      case "500":
      case "502":
      case "503":
      case "504":
        return { status: Number(rule.fault), ...FACES[rule.body] };
      case "malformedJson":
        return { ...(await effect()), body: '{"message":"Payment details","status":"succ', headers: JSON_TYPE };
      case "wrongContentType": {
        const answer = await effect();
        return { status: answer.status, body: JSON.stringify(answer.body), headers: { "content-type": "text/html" } };
      }
      case "nullData":
        await effect();
        return { status: 200, body: { message: "Payment details", status: "success", data: null } };
      case "redirect302":
        return { status: 302, headers: { location: "https://elsewhere.invalid/" } };
    }
  }

  #strike(request: Request): FaultRule | undefined {
    for (const entry of this.#rules) {
      if (entry.rule.route && !routeOf(request).includes(entry.rule.route)) continue;
      entry.seen++;
      if (entry.seen < entry.rule.nth) continue;
      if (entry.rule.times !== undefined && entry.struck >= entry.rule.times) continue;
      if (entry.rule.probability < 1 && this.#random() >= entry.rule.probability) continue;
      entry.struck++;
      return entry.rule;
    }
    return undefined;
  }
}

function routeOf({ method, path, headers }: Request): string {
  return `${method} ${path} ${headers["x-amz-target"] ?? ""}`;
}

const JSON_TYPE = { "content-type": "application/json" };

// The bodies of a failing gateway: its own JSON, an HTML error page, or none.
const FACES: Record<FaultRule["body"], Omit<Answer, "status">> = {
  json: { body: { message: "Internal server error" } },
  html: { headers: { "content-type": "text/html" }, body: "<html><body><h1>Bad gateway</h1></body></html>" },
  empty: {},
};

function cutInHalf(outgoing: ServerResponse, answer: Answer): undefined {
  const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body ?? {});
  outgoing.writeHead(answer.status, { ...JSON_TYPE, "content-length": String(Buffer.byteLength(text)) });
  outgoing.write(text.slice(0, text.length / 2), () => outgoing.destroy());
  return undefined;
}
