import { randomUUID } from "node:crypto";
import * as z from "zod";
import type { Clock } from "../clock.ts";
import { FaultPlan } from "../faults.ts";
import { type Answer, type Listening, type Request, serve } from "../serve.ts";
import { bearerOf, detail, jsonOf, notAuthenticated, notFound, PythonUuid, unprocessable } from "./fastapi.ts";
import { read } from "./tokens.ts";

/** One message that was sent to a user. */
export type SentMessage = {
  at: number;
  userId: string;
  eventType: string;
  subject: string | undefined;
  message: string | undefined;
  body: Record<string, unknown>;
};

export type NotificationOptions = {
  port?: number;
  clock: Clock;
  jwtSecret: string;
  /** Whether it requires a service's token. */
  auth?: "bearer" | "none";
};

const Body = z.looseObject({
  user_id: PythonUuid,
  event_type: z.string(),
  context: z.record(z.string(), z.unknown()),
  subject: z.string().optional(),
  message: z.string().optional(),
});

const CALLS = 10;
const WINDOW_MS = 60_000;
// The length of its database column. For a longer type, the message is sent but storing it fails.
const EVENT_TYPE_LENGTH = 50;
// Compared exactly. Users' roles are in lower case, so they are always refused.
const ROLES = ["Admin", "Internal"];

/** A double of the Notification service, as it was observed. Made by {@link startNotification}. */
export class NotificationDouble {
  readonly faults = new FaultPlan(() => 0);
  readonly #options: NotificationOptions;
  #sent: SentMessage[] = [];
  #calls = new Map<string, number[]>();
  #listening: Listening | undefined;

  constructor(options: NotificationOptions) {
    this.#options = options;
  }

  async listen(): Promise<this> {
    this.#listening = await serve(
      "Notification",
      this.#options.port ?? 0,
      (request) => this.#answer(request),
      this.faults,
    );
    return this;
  }

  get origin(): string {
    return this.#listening?.origin ?? "";
  }

  /** The base URL of its API. */
  get baseUrl(): string {
    return `${this.origin}/api/v1`;
  }

  /** All sent messages in order. */
  sent(): SentMessage[] {
    return [...this.#sent];
  }

  async reset(): Promise<void> {
    this.#sent = [];
    this.#calls.clear();
    await this.faults.clear();
  }

  async close(): Promise<void> {
    await this.#listening?.close();
  }

  async #answer(request: Request): Promise<Answer> {
    if (request.path === "/health") return { status: 200, body: { status: "ok" } };
    if (request.method !== "POST" || request.path !== "/api/v1/notifications/send") return notFound();
    // As the real service, counts before it authenticates, and answers 500 instead of 429.
    if (!this.#mayCall(request)) return plainError();
    if (this.#options.auth !== "none") {
      const refusal = await this.#refusal(request);
      if (refusal) return refusal;
    }
    const body = Body.safeParse(jsonOf(request));
    if (!body.success) return unprocessable(body.error, "body");
    return this.#send(body.data);
  }

  #send(body: z.output<typeof Body>): Answer {
    const { user_id, event_type, context, subject, message } = body;
    const at = this.#options.clock.now();
    this.#sent.push({ at, userId: user_id, eventType: event_type, subject, message, body });
    if (event_type.length > EVENT_TYPE_LENGTH) return plainError();
    const now = new Date(at).toISOString();
    const record = { user_id, event_type, status: "SENT", sent_at: now, created_at: now, updated_at: now, context };
    return { status: 202, body: { id: randomUUID(), ...record } };
  }

  #mayCall({ headers, path }: Request): boolean {
    const forwarded = String(headers["x-forwarded-for"] ?? "")
      .split(",")[0]
      ?.trim();
    const key = `${forwarded || "127.0.0.1"} ${path}`;
    const now = this.#options.clock.now();
    const recent = (this.#calls.get(key) ?? []).filter((at) => now - at < WINDOW_MS);
    if (recent.length >= CALLS) return false;
    this.#calls.set(key, [...recent, now]);
    return true;
  }

  async #refusal(request: Request): Promise<Answer | undefined> {
    const token = bearerOf(request);
    const claims = token && (await read(token, this.#options.jwtSecret, this.#options.clock.now()));
    if (!claims) return notAuthenticated();
    return ROLES.includes(claims.role ?? "") ? undefined : detail(403, "Not enough permissions");
  }
}

export function startNotification(options: NotificationOptions): Promise<NotificationDouble> {
  return new NotificationDouble(options).listen();
}

function plainError(): Answer {
  return { status: 500, headers: { "content-type": "text/plain" }, body: "Internal Server Error" };
}
