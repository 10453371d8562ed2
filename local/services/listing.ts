import { randomUUID } from "node:crypto";
import * as z from "zod";
import type { Clock } from "../clock.ts";
import { FaultPlan } from "../faults.ts";
import { type Answer, type Listening, type Request, serve } from "../serve.ts";
import {
  bearerOf,
  detail,
  jsonOf,
  notAuthenticated,
  notFound,
  notValid,
  PythonUuid,
  PythonUuid4,
  unprocessable,
} from "./fastapi.ts";
import { closeIfOld, newProperty, type Property } from "./property.ts";
import { read } from "./tokens.ts";

/** How its own notification during a confirm behaves. The commit waits for it. */
export type NotificationMode = "up" | "refusing" | "hanging";

export type ListingOptions = {
  port?: number;
  clock: Clock;
  jwtSecret: string;
  /** The API key for `/payments/confirm`. */
  webhookKey: string;
  /** Its own key for other services. `/payments/confirm` refuses it. */
  paymentServiceKey?: string;
  /** The base URL of the payment API. */
  paymentServiceUrl?: string;
  /** Whether an unknown property counts as a new, unpaid one. */
  knowsEveryProperty?: boolean;
  /** Real milliseconds that its notification takes in each mode. */
  notificationMs?: Record<NotificationMode, number>;
  /** Waits as long as the real service needs for its mail and its commits; timers unless a test decides the order. */
  pause?: (milliseconds: number) => Promise<void>;
};

/** One confirm and its result. `status` and `answer` are undefined while it is running. */
export type ConfirmEntry = {
  at: number;
  body: Record<string, unknown>;
  status: number | undefined;
  answer: unknown;
};

const OBSERVED_MS = { up: 20, refusing: 7_800, hanging: 32_800 } as const;
const INITIATE_MS = 30_000;
const COMMIT_MS = 10;
const INTERNAL = "An internal error occurred. Please try again later.";

const Confirmation = z.looseObject({
  property_id: PythonUuid4,
  payment_id: PythonUuid4,
  status: z.string(),
  tx_ref: z.string().nullish(),
  error_message: z.string().nullish(),
});
const Initiated = z.looseObject({ id: z.string().nullish(), chapa_tx_ref: z.string(), checkout_url: z.string() });

/** A double of the Property Listing service, as it was observed. Made by {@link startListing}. */
export class ListingDouble {
  readonly faults = new FaultPlan(() => 0);
  readonly #options: ListingOptions;
  #properties = new Map<string, Property>();
  #confirms: ConfirmEntry[] = [];
  #messages: { at: number; ownerId: string; propertyId: string }[] = [];
  readonly #pause: (milliseconds: number) => Promise<void>;
  #mode: NotificationMode = "up";
  #paymentServiceUrl: string | undefined;
  #listening: Listening | undefined;

  constructor(options: ListingOptions) {
    this.#options = options;
    this.#pause = options.pause ?? pause;
    this.#paymentServiceUrl = options.paymentServiceUrl;
  }

  async listen(): Promise<this> {
    const { port = 0 } = this.#options;
    this.#listening = await serve("Property Listing", port, (request) => this.#answer(request), this.faults);
    return this;
  }

  get origin(): string {
    return this.#listening?.origin ?? "";
  }

  /** The base URL of its API. */
  get baseUrl(): string {
    return `${this.origin}/api/v1`;
  }

  addProperty(property: { ownerId: string; id?: string; createdAt?: number }): Property {
    const added = newProperty(property.id ?? randomUUID(), property.ownerId, property.createdAt ?? this.#now());
    this.#properties.set(added.id, added);
    return { ...added };
  }

  property(id: string): Property | undefined {
    const found = this.#properties.get(id);
    return found && { ...found };
  }

  properties(): Property[] {
    return [...this.#properties.values()].map((property) => ({ ...property }));
  }

  deleteProperty(id: string): void {
    this.#get(id).status = "DELETED";
  }

  rejectProperty(id: string): void {
    this.#get(id).status = "REJECTED";
  }

  setMode(mode: NotificationMode): void {
    this.#mode = mode;
  }

  setPaymentServiceUrl(url: string): void {
    this.#paymentServiceUrl = url;
  }

  /** Its own "your listing was approved" messages. */
  messages(): { at: number; ownerId: string; propertyId: string }[] {
    return [...this.#messages];
  }

  /** All confirms in the order of arrival. */
  confirms(): ConfirmEntry[] {
    return [...this.#confirms];
  }

  /** Runs its daily job. */
  closeOld(): void {
    for (const property of this.#properties.values()) closeIfOld(property, this.#now());
  }

  async reset(): Promise<void> {
    this.#properties.clear();
    this.#confirms = [];
    this.#messages = [];
    this.#mode = "up";
    await this.faults.clear();
  }

  async close(): Promise<void> {
    await this.#listening?.close();
  }

  #answer(request: Request): Answer | Promise<Answer> {
    const { method, path } = request;
    if (path !== "/" && path.endsWith("/")) {
      return { status: 307, headers: { location: `${this.origin}${path.slice(0, -1)}` } };
    }
    if (method === "POST" && path === "/api/v1/payments/confirm") return this.#confirm(request);
    const pay = /^\/api\/v1\/properties\/([^/]+)\/approve-and-pay$/.exec(path)?.[1];
    if (method === "PATCH" && pay) return this.#approveAndPay(request, pay);
    if (method === "GET" && path === "/api/v1/properties/reserved") return { status: 200, body: { total: 0, items: [] } };
    const shown = /^\/api\/v1\/properties\/public\/([^/]+)$/.exec(path)?.[1];
    if (method === "GET" && shown) return this.#show(shown);
    return path === "/health" ? { status: 200, body: { status: "ok" } } : notFound();
  }

  #show(id: string): Answer {
    const property = this.#properties.get(id);
    return property?.status === "APPROVED"
      ? { status: 200, body: { id: property.id, status: property.status } }
      : detail(404, "Property not found");
  }

  async #confirm(request: Request): Promise<Answer> {
    const key = request.headers["x-api-key"];
    if (!key) return detail(403, "X-API-Key header missing");
    if (key === this.#options.paymentServiceKey && key !== this.#options.webhookKey) {
      return detail(403, "Invalid API Key for this endpoint");
    }
    if (key !== this.#options.webhookKey) return detail(403, "Invalid API Key");
    const body = Confirmation.safeParse(jsonOf(request));
    if (!body.success) return unprocessable(body.error, "body");
    const entry: ConfirmEntry = { at: this.#now(), body: body.data, status: undefined, answer: undefined };
    this.#confirms.push(entry);
    const answer = await this.#settle(body.data);
    entry.status = answer.status;
    entry.answer = answer.body;
    return answer;
  }

  /**
   * Reads the state, notifies the owner, and then writes. There is no lock: two simultaneous confirms both pass, and the
   * later write overwrites the fields that it sets.
   */
  async #settle({ property_id, status }: z.output<typeof Confirmation>): Promise<Answer> {
    const property = this.#known(property_id);
    if (!property) return detail(404, "Property not found");
    if (property.paymentStatus !== "PENDING") return { status: 200, body: { status: "already_processed" } };
    if (status === "SUCCESS") {
      await this.#notifyOwner(property);
      property.status = "APPROVED";
      property.approvedAt = this.#now();
      property.paymentStatus = "SUCCESS";
      // As the real service, reads the state for the answer again after the commit.
      await this.#pause(COMMIT_MS);
    } else if (status === "FAILED") {
      await this.#pause(COMMIT_MS);
      property.paymentStatus = "FAILED";
    }
    const { status: property_status, paymentStatus } = property;
    return { status: 200, body: { status: "received", property_status, payment_status: paymentStatus } };
  }

  async #notifyOwner(property: Property): Promise<void> {
    const milliseconds = (this.#options.notificationMs ?? OBSERVED_MS)[this.#mode];
    await this.#pause(milliseconds);
    if (this.#mode === "up") {
      this.#messages.push({ at: this.#now(), ownerId: property.ownerId, propertyId: property.id });
    }
  }

  async #approveAndPay(request: Request, text: string): Promise<Answer> {
    const id = PythonUuid.safeParse(text);
    if (!id.success) return unprocessable(id.error, "path");
    const token = bearerOf(request);
    if (!token) return notAuthenticated();
    const claims = await read(token, this.#options.jwtSecret, this.#now());
    if (!claims) return notValid();
    if (claims.role?.toLowerCase() !== "owner") return detail(403, "Only owners can do this");
    const property = this.#known(id.data, claims.sub);
    if (!property) return detail(404, "Property not found");
    if (property.ownerId !== claims.sub) return detail(403, "Not your property");
    if (property.status !== "PENDING" || property.paymentStatus !== "PENDING") {
      return detail(400, "Property is not awaiting payment");
    }
    return this.#initiate(property, token);
  }

  /** Requests the payment. The owner gets the same 500 for every failure. */
  async #initiate(property: Property, token: string): Promise<Answer> {
    try {
      const response = await fetch(`${this.#paymentServiceUrl}/payments/initiate`, {
        method: "POST",
        redirect: "error",
        signal: AbortSignal.timeout(INITIATE_MS),
        headers: {
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
          "user-agent": "python-httpx/0.27.0",
        },
        body: JSON.stringify({
          request_id: randomUUID(),
          property_id: property.id,
          user_id: property.ownerId,
          amount: 500.0,
          currency: "ETB",
          is_test_mode: true,
        }),
      });
      if (!response.ok) return detail(500, INTERNAL);
      const { id, chapa_tx_ref, checkout_url } = Initiated.parse(await response.json());
      // As the real service, stores the id before it validates it. An invalid id stays stored and causes a 500.
      property.paymentId = id ?? null;
      if (!PythonUuid4.safeParse(id).success) {
        return { status: 500, headers: { "content-type": "text/plain" }, body: "Internal Server Error" };
      }
      return {
        status: 200,
        body: { property_id: property.id, status: property.status, payment_id: id, chapa_tx_ref, checkout_url },
      };
    } catch {
      return detail(500, INTERNAL);
    }
  }

  #known(id: string, ownerId = ""): Property | undefined {
    const known = this.#properties.get(id);
    if (known || !this.#options.knowsEveryProperty) return known;
    const added = newProperty(id, ownerId, this.#now());
    this.#properties.set(id, added);
    return added;
  }

  #get(id: string): Property {
    const property = this.#properties.get(id);
    if (!property) throw new Error(`there is no property ${id}`);
    return property;
  }

  #now(): number {
    return this.#options.clock.now();
  }
}

export function startListing(options: ListingOptions): Promise<ListingDouble> {
  return new ListingDouble(options).listen();
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
