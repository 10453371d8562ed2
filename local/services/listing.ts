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
  isText,
  isTextOrNull,
  isUuid4,
  jsonBody,
  notAuthenticated,
  notValid,
  PythonUuid,
  PythonUuid4,
  pathError,
  type Routes,
  routed,
  unprocessable,
} from "./fastapi.ts";
import { closeIfOld, newProperty, type Property, publicView } from "./property.ts";
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
  /** Real milliseconds that it waits for our answer to a request for a payment. */
  initiateMs?: number;
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

/** What may be wrong around it: its own stores, or what User Management says of an owner. */
export type ListingTrouble = "database down" | "redis down" | "users down" | "users failing" | "user unknown";

const OBSERVED_MS = { up: 20, refusing: 7_800, hanging: 32_800 } as const;
const INITIATE_MS = 30_000;
const COMMIT_MS = 10;
const INTERNAL = "An internal error occurred. Please try again later.";
const CONFIRM_INTERNAL = "An internal error occurred while processing the payment confirmation.";

const CONFIRMATION: Record<string, Field> = {
  property_id: { check: isUuid4 },
  payment_id: { check: isUuid4 },
  status: { check: isText },
  tx_ref: { check: isTextOrNull, isOptional: true },
  error_message: { check: isTextOrNull, isOptional: true },
};
const Confirmation = z.looseObject({ property_id: PythonUuid4, payment_id: PythonUuid4, status: z.string() });
const Initiated = z.looseObject({});
const StoredId = PythonUuid.nullish();
const PaymentStarted = z.object({ id: PythonUuid4, chapa_tx_ref: z.string(), checkout_url: z.string() });

/** A double of the Property Listing service, as it was observed. Made by {@link startListing}. */
export class ListingDouble {
  readonly faults = new FaultPlan(() => 0);
  readonly trouble = new Set<ListingTrouble>();
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
    this.#listening = await serve(
      "Property Listing",
      port,
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

  /** Somebody rents a paid property: it is not public any more. */
  reserveProperty(id: string): void {
    Object.assign(this.#get(id), { status: "RESERVED", paymentStatus: "SUCCESS" });
  }

  /** Writes a value into a property's row that the service cannot show. */
  spoilProperty(id: string): void {
    this.#get(id).isUnshowable = true;
  }

  repairProperty(id: string): void {
    delete this.#get(id).isUnshowable;
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
    this.trouble.clear();
    await this.faults.clear();
  }

  async close(): Promise<void> {
    await this.#listening?.close();
  }

  readonly #routes: Routes = {
    "/health": { GET: () => ({ status: 200, body: { status: "ok" } }) },
    "/api/v1/payments/confirm": { POST: (request) => this.#confirm(request) },
    "/api/v1/properties/reserved": { GET: () => this.#reserved() },
    "/api/v1/properties/public/{}": { GET: (_request, id) => this.#show(id) },
    "/api/v1/properties/{}/approve-and-pay": { PATCH: (request, id) => this.#approveAndPay(request, id) },
  };

  #show(text: string): Answer {
    const error = pathError("id", text);
    if (error) return error;
    const property = this.#properties.get(PythonUuid.parse(text));
    if (this.trouble.has("database down")) return crashed();
    if (property?.status !== "APPROVED") return detail(404, "Property not found");
    if (property.isUnshowable) return crashed();
    return {
      status: 200,
      body: { ...publicView(property), description: "Quiet", photos: ["https://img.rental.et/1"] },
    };
  }

  #reserved(): Answer {
    const reserved = [...this.#properties.values()].filter(({ status }) => status === "RESERVED");
    // One row that it cannot show costs everybody the answer.
    if (this.trouble.has("database down") || reserved.some(({ isUnshowable }) => isUnshowable)) return crashed();
    return { status: 200, body: { total: reserved.length, items: reserved.map(publicView) } };
  }

  async #confirm(request: Request): Promise<Answer> {
    const json = jsonBody(request);
    if (json.broken) return json.broken;
    const key = request.headers["x-api-key"];
    if (!key) return detail(403, "X-API-Key header missing");
    if (key === this.#options.paymentServiceKey && key !== this.#options.webhookKey) {
      return detail(403, "Invalid API Key for this endpoint");
    }
    if (key !== this.#options.webhookKey) return detail(403, "Invalid API Key");
    const { errors, body } = checked(json.value, CONFIRMATION);
    if (errors) return unprocessable(errors);
    const confirmation = Confirmation.parse(body);
    const entry: ConfirmEntry = { at: this.#now(), body: confirmation, status: undefined, answer: undefined };
    this.#confirms.push(entry);
    const answer = await this.#settle(confirmation);
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
    if (this.trouble.has("database down") || property?.isUnshowable) return detail(500, CONFIRM_INTERNAL);
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
    const token = bearerOf(request);
    if (token === undefined) return notAuthenticated();
    if (this.trouble.has("redis down")) return crashed();
    const claims = await read(token, this.#options.jwtSecret, this.#now());
    if (!claims) return notValid();
    if (this.trouble.has("users down")) return crashed();
    if (this.trouble.has("users failing") || this.trouble.has("user unknown")) return notValid();
    const error = pathError("property_id", text);
    if (error) return error;
    if (claims.role?.toLowerCase() !== "owner") return detail(403, "The user is not an Owner");
    const property = this.#known(PythonUuid.parse(text), claims.sub);
    if (!property) return detail(404, "Property not found");
    if (property.ownerId !== claims.sub) return detail(403, "Not authorized to approve this property");
    if (property.status !== "PENDING") return detail(400, "Only pending properties can be approved for payment.");
    if (property.paymentStatus !== "PENDING") {
      return detail(400, "Payment process already initiated or completed for this property.");
    }
    const initiated = await this.#initiate(property, token);
    return initiated ? this.#started(property, initiated) : detail(500, INTERNAL);
  }

  /** Requests the payment. @returns undefined for every answer but a 2xx with an object; the owner gets the same 500 */
  async #initiate(property: Property, token: string): Promise<Record<string, unknown> | undefined> {
    try {
      const response = await fetch(`${this.#paymentServiceUrl}/payments/initiate`, {
        method: "POST",
        redirect: "error",
        signal: AbortSignal.timeout(this.#options.initiateMs ?? INITIATE_MS),
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
      return response.ok ? Initiated.safeParse(await response.json()).data : undefined;
    } catch {
      return undefined;
    }
  }

  /** As the real service, stores the id before it validates the answer: what it cannot take stays stored. */
  #started(property: Property, initiated: Record<string, unknown>): Answer {
    const id = StoredId.safeParse(initiated["id"]);
    if (!id.success) return detail(500, INTERNAL);
    const isTaken = [...this.#properties.values()].some(({ paymentId }) => id.data && paymentId === id.data);
    if (isTaken && property.paymentId !== id.data) return crashed();
    property.paymentId = id.data ?? null;
    const started = PaymentStarted.safeParse(initiated).data;
    if (!started) return crashed();
    const { id: payment_id, chapa_tx_ref, checkout_url } = started;
    const { id: property_id, status } = property;
    return { status: 200, body: { property_id, status, payment_id, chapa_tx_ref, checkout_url } };
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
