import { randomUUID } from "node:crypto";
import * as z from "zod";
import type { Clock } from "../clock.ts";
import { FaultPlan } from "../faults.ts";
import { type Answer, type Listening, type Request, serve } from "../serve.ts";
import {
  bearerOf,
  checked,
  crashed,
  detail,
  type Field,
  isDictionary,
  isText,
  isUuid,
  jsonBody,
  notAuthenticated,
  notFound,
  notValid,
  PythonUuid,
  pythonTime,
  type Routes,
  routed,
  unprocessable,
} from "./fastapi.ts";
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
  /**
   * The origin of User Management, which it asks about the sender and the payer. Without one it believes the sender's
   * token and knows every payer, which the real one does not: User Management has no role that it accepts.
   */
  usersUrl?: string;
  /** Real milliseconds that it waits for User Management. */
  usersMs?: number;
};

const BODY: Record<string, Field> = {
  user_id: { check: isUuid },
  event_type: { check: isText },
  context: { check: isDictionary },
};
const Body = z.looseObject({
  user_id: PythonUuid,
  event_type: z.string(),
  context: z.record(z.string(), z.unknown()),
  subject: z.string().optional(),
  message: z.string().optional(),
});
const Sender = z.looseObject({ role: z.string() });
const Payer = z.looseObject({ email: z.string().nullish(), phone_number: z.string().nullish() });
type Payer = z.output<typeof Payer>;
const EVERY_PAYER: Payer = { email: "payer@rental.et" };

const CALLS = 10;
const WINDOW_MS = 60_000;
const USERS_MS = 5_000;
// The length of its database column. For a longer type, the message is sent but storing it fails.
const EVENT_TYPE_LENGTH = 50;
// Compared exactly. Users' roles are in lower case, so they are always refused.
const ROLES = ["Admin", "Internal"];

/** A double of the Notification service, as it was observed. Made by {@link startNotification}. */
export class NotificationDouble {
  readonly faults = new FaultPlan(() => 0);
  /** Its limiter needs Redis, and does not recover by itself after Redis was away. */
  isRedisDown = false;
  /** Messages that it has refused because of their sender. */
  refusals: { at: number; status: number }[] = [];
  /** The provider of e-mail takes nothing. */
  isMailRefused = false;
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
      (request) => routed(this.#routes, request, this.origin),
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
    this.refusals = [];
    this.isRedisDown = false;
    this.isMailRefused = false;
    await this.faults.clear();
  }

  async close(): Promise<void> {
    await this.#listening?.close();
  }

  readonly #routes: Routes = {
    "/health": { GET: () => ({ status: 200, body: { status: "ok" } }) },
    "/api/v1/notifications/send": { POST: (request) => this.#receive(request) },
    "/api/v1/notifications/{}": {
      GET: (request) => (bearerOf(request) === undefined ? notAuthenticated() : notFound()),
    },
  };

  async #receive(request: Request): Promise<Answer> {
    const json = jsonBody(request);
    if (json.broken) return json.broken;
    // As the real service, counts before it authenticates, and answers 500 instead of 429.
    if (this.isRedisDown || !this.#mayCall(request)) return crashed();
    const refusal = this.#options.auth === "none" ? undefined : await this.#refusal(request);
    if (refusal) {
      this.refusals.push({ at: this.#options.clock.now(), status: refusal.status });
      return refusal;
    }
    const { errors, body } = checked(json.value, BODY);
    if (errors) {
      return unprocessable(
        errors.map((error) => ({ ...error, url: `https://errors.pydantic.dev/2.7/v/${error.type}` })),
      );
    }
    const message = Body.parse(body);
    const payer = await this.#payer(message.user_id);
    return payer ? this.#send(message, payer) : detail(404, `User with ID ${message.user_id} not found.`);
  }

  #send(body: z.output<typeof Body>, { email, phone_number }: Payer): Answer {
    const { user_id, event_type, context, subject, message } = body;
    const at = this.#options.clock.now();
    const isMailed = email && !this.isMailRefused;
    if (isMailed) this.#sent.push({ at, userId: user_id, eventType: event_type, subject, message, body });
    if (event_type.length > EVENT_TYPE_LENGTH) {
      return detail(500, "Failed to send notification: value too long for type character varying(50)");
    }
    // As the real service, fails to record a mail to somebody who has a phone, too.
    const isFailed = Boolean(phone_number) || (Boolean(email) && this.isMailRefused);
    const now = pythonTime(at);
    const record = {
      id: randomUUID(),
      user_id,
      event_type,
      status: isFailed ? "FAILED" : "SENT",
      sent_at: isFailed ? null : now,
      created_at: now,
      updated_at: now,
      context: isMailed && !isFailed ? { ...context, ses_message_id: "m-1" } : context,
    };
    return { status: 202, body: record };
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
    if (token === undefined) return notAuthenticated();
    const claims = await read(token, this.#options.jwtSecret, this.#options.clock.now());
    if (!claims) return notValid();
    const { usersUrl } = this.#options;
    const role = usersUrl === undefined ? claims.role : await this.#roleOf(`${usersUrl}/auth/verify`, token);
    if (typeof role === "object") return role;
    return ROLES.includes(role ?? "") ? undefined : detail(403, "Not authorized to perform this action");
  }

  /** The sender's role by User Management, whose status is passed on if it does not verify the token. */
  async #roleOf(url: string, token: string): Promise<string | Answer> {
    const response = await this.#ask(url, { authorization: `Bearer ${token}` });
    if (!response) return detail(503, "User management service unavailable");
    if (response.status !== 200) return detail(response.status, "User verification failed");
    const sender = Sender.safeParse(await response.json().catch(() => undefined)).data;
    return sender?.role ?? crashed();
  }

  /** As the real service, looks the payer up under a path that User Management does not have. */
  async #payer(id: string): Promise<Payer | undefined> {
    const { usersUrl } = this.#options;
    if (usersUrl === undefined) return EVERY_PAYER;
    const response = await this.#ask(`${new URL(usersUrl).origin}/api/v1/users/${id}`);
    return response?.ok ? Payer.safeParse(await response.json()).data : undefined;
  }

  async #ask(url: string, headers: Record<string, string> = {}): Promise<Response | undefined> {
    const signal = AbortSignal.timeout(this.#options.usersMs ?? USERS_MS);
    return fetch(url, { headers, signal }).catch(() => undefined);
  }
}

export function startNotification(options: NotificationOptions): Promise<NotificationDouble> {
  return new NotificationDouble(options).listen();
}
