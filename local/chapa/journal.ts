import type { ServerResponse } from "node:http";
import { FaultPlan, type Refusal, type Tamper } from "../faults.ts";
import type { Answer, Request } from "../serve.ts";
import type { Outcome } from "./send.ts";

/** One incoming request. `status` is null if a fault left it without an answer. */
export type RequestEntry = {
  kind: "request";
  at: number;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer;
  status: number | null;
};

/**
 * One try to deliver a webhook or callback. `attempt` counts from 1. Outcomes: `lost` and `dropped` were not sent
 * because of the plan; `no address` means that no URL is set; `under way` means that the try has not ended.
 */
export type DeliveryEntry = {
  kind: "webhook" | "callback";
  at: number;
  txRef: string;
  event: string;
  url: string | null;
  attempt: number;
  headers: Record<string, string>;
  body: Buffer;
  outcome: Outcome | "lost" | "dropped" | "no address" | "under way";
};

export type JournalEntry = RequestEntry | DeliveryEntry;

// Enough for any test. The limit keeps a load test of several hours from filling the memory.
const ENTRIES_KEPT = 50_000;

/** Returns a copy to keep. A small buffer is a part of a larger one, which would be kept with it. */
export function ownBytes(body: Buffer): Buffer {
  return Buffer.alloc(body.length, body);
}

/** All incoming requests and outgoing deliveries, in the order in which they began. */
export class Journal {
  readonly #entries: JournalEntry[] = [];
  readonly #log: (line: string) => void;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  entries(): JournalEntry[] {
    return [...this.#entries];
  }

  add<T extends JournalEntry>(entry: T): T {
    entry.body = ownBytes(entry.body);
    this.#entries.push(entry);
    if (this.#entries.length > ENTRIES_KEPT) this.#entries.shift();
    return entry;
  }

  /** Logs an entry that has ended. */
  ended(entry: JournalEntry): void {
    const time = new Date(entry.at).toISOString().slice(11, 19);
    this.#log(
      entry.kind === "request"
        ? `${time} ${entry.method} ${entry.path} ${entry.status ?? "no answer"}`
        : `${time} ${entry.kind} ${entry.event} ${entry.txRef} → ${entry.outcome} (try ${entry.attempt})`,
    );
  }
}

/** The answer of a handler that leaves the connection open without an answer. */
export const NO_ANSWER: Answer = { status: 0 };

/** The faults of the API. Each request is recorded first, so that the journal has requests that a fault leaves unanswered. */
export class JournaledFaults extends FaultPlan {
  readonly #journal: () => Journal;
  readonly #now: () => number;

  constructor(options: {
    journal: () => Journal;
    now: () => number;
    random: () => number;
    tampers: Record<string, Tamper>;
    refusals: Record<string, Refusal>;
  }) {
    super(options.random, options.tampers, options.refusals);
    this.#journal = options.journal;
    this.#now = options.now;
  }

  override async around(
    request: Request,
    outgoing: ServerResponse,
    effect: () => Promise<Answer>,
  ): Promise<Answer | undefined> {
    const journal = this.#journal();
    const entry = journal.add(entryOf(request, this.#now()));
    try {
      // The payer's page is not part of the API, so payers can still pay while the API fails.
      const isApi = request.path.startsWith("/v1/");
      const answer = isApi ? await super.around(request, outgoing, effect) : await effect();
      if (!answer || answer === NO_ANSWER) return undefined;
      entry.status = answer.status;
      return answer;
    } finally {
      journal.ended(entry);
    }
  }
}

function entryOf(request: Request, at: number): RequestEntry {
  const query = String(request.query);
  return {
    kind: "request",
    at,
    method: request.method,
    path: query ? `${request.path}?${query}` : request.path,
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, name === "authorization" ? "****" : String(value)]),
    ),
    body: request.body,
    status: null,
  };
}
