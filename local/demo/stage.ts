import { randomUUID } from "node:crypto";
import { PaymentDetail } from "../../lib/contract/api.ts";
import { PAYMENT_PREFIX } from "../../lib/contract/table.ts";
import { parseTxRef } from "../../lib/domain/ids.ts";
import { ApiClient, type HttpResponse } from "../api-client.ts";
import type { DeliveryPlan } from "../chapa/delivery-plan.ts";
import type { Cloud } from "../cloud.ts";
import { TX_STAGE } from "../environment.ts";
import type { Settings } from "../settings.ts";
import { type CloudOptions, startCloud } from "../start-cloud.ts";
import { PASSWORD, USERS } from "../users.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { type Lane, Timeline } from "./timeline.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
const BETWEEN_VERIFICATIONS_MS = 6_000;

type Disturbed = "chapa" | "listing" | "users" | "redis";

/** A checkout that the owner got. */
export type Checkout = { id: string; txRef: string; url: string };

/** A running cloud for scenarios and tests, with an owner, their property and a timeline. */
export class Stage {
  readonly timeline: Timeline;
  readonly propertyId: string;
  readonly #cloud: Cloud;
  readonly #caller: ApiClient;
  readonly #answers: Outcome["answers"] = [];

  private constructor(cloud: Cloud, timeline: Timeline) {
    this.#cloud = cloud;
    this.timeline = timeline;
    this.#caller = new ApiClient(cloud.address);
    this.propertyId = this.addProperty();
  }

  /** Starts a cloud. */
  static async open(
    settings: Settings,
    options: Pick<CloudOptions, "profile" | "seed" | "mode" | "observeApi"> = {},
  ): Promise<Stage> {
    let cloud: Cloud | undefined;
    const timeline = new Timeline(() => {
      if (!cloud) throw new Error("the cloud has not started");
      return cloud;
    });
    cloud = await startCloud({ settings, observeStream: timeline.observe, ...options });
    return new Stage(cloud, timeline);
  }

  get cloud(): Cloud {
    return this.#cloud;
  }

  get caller(): ApiClient {
    return this.#caller;
  }

  say(lane: Lane, text: string): void {
    this.timeline.say(lane, text);
  }

  addProperty(createdAt?: number): string {
    const listing = this.#cloud.services.listing;
    const made = listing?.addProperty({ ownerId: USERS.owner.id, ...(createdAt === undefined ? {} : { createdAt }) });
    return made?.id ?? randomUUID();
  }

  /** The owner presses "pay". The same `requestId` repeats the same press. */
  async press(propertyId = this.propertyId, requestId: string = randomUUID()): Promise<HttpResponse> {
    this.say("owner", "presses “pay”");
    return this.#pressed(
      await this.#caller.initiate({ property_id: propertyId, request_id: requestId, amount: 500.0 }),
    );
  }

  /** An administrator decides about a payment as it is now. `what` is the end of the route's path. */
  async decide(checkout: Checkout, what: string, decision: Record<string, unknown>): Promise<HttpResponse> {
    this.say("program", `an operator decides: ${what}, because ${decision["reason"]}`);
    const { version } = await this.#detail(checkout);
    const headers = { authorization: `Bearer ${this.#cloud.address.users.admin.token}` };
    const body = JSON.stringify({ version, ...decision });
    const response = await this.#caller.post(`/api/v1/payments/${checkout.id}/${what}`, body, headers);
    this.#keep("decision", response);
    this.say("payments", `answers ${response.status}: ${response.body["detail"] ?? response.body["state"]}`);
    await this.#cloud.settle();
    return response;
  }

  /** Chapa's references of the money of a payment, as an administrator reads them. */
  async captureRefs(checkout: Checkout): Promise<string[]> {
    const { captures } = await this.#detail(checkout);
    return captures.flatMap(({ reference }) => reference ?? []);
  }

  async #detail({ id }: Checkout): Promise<PaymentDetail> {
    const headers = { authorization: `Bearer ${this.#cloud.address.users.admin.token}` };
    return PaymentDetail.parse((await this.#caller.get(`/api/v1/payments/${id}`, headers)).body);
  }

  /** The owner presses "approve and pay" in the listing service, which requests the payment with the owner's token. */
  async approveAndPay(): Promise<Checkout> {
    this.say("owner", "presses “approve and pay” in the listing");
    const response = this.#pressed(
      await this.#caller.approveAndPay(this.#cloud.services.listing?.baseUrl ?? "", this.propertyId),
    );
    await this.#cloud.settle();
    return { ...checkoutOf(response), id: String(response.body["payment_id"]) };
  }

  /** The owner presses "pay" and gets a checkout. @throws Error if they do not */
  async checkout(propertyId = this.propertyId, requestId?: string): Promise<Checkout> {
    const response = await this.press(propertyId, requestId);
    await this.#cloud.settle();
    return checkoutOf(response);
  }

  /** Performs an action of the payer on Chapa's page, and waits for what follows. */
  async act(checkout: Checkout, action: string, params: Record<string, unknown> = {}): Promise<HttpResponse> {
    const how = Object.entries(params).map(([name, value]) => `${name} ${value}`);
    this.say("owner", `on Chapa's page: ${[action, ...how].join(", ")}`);
    const response = await this.#caller.act(checkout.url, action, params);
    if (response.status !== 200) this.say("chapa", `refuses: ${response.body["message"] ?? response.status}`);
    await this.#cloud.settle();
    // A payment is verified at most once in five seconds. A verification that comes sooner is delayed in the queue.
    if (this.#cloud.queues.state("resolve").delayed > 0) {
      await this.#cloud.clock.advance(BETWEEN_VERIFICATIONS_MS);
      await this.#cloud.settle();
    }
    return response;
  }

  /** The payer's browser returns from Chapa. */
  async returnFromChapa(checkout: Checkout): Promise<HttpResponse> {
    const response = await this.#caller.browse(`${this.#cloud.address.api}/api/v1/payments/return/${checkout.txRef}`);
    this.#keep("return", response);
    const where = response.headers.get("location") ?? "the waiting page";
    this.say("owner", `returns from Chapa → ${response.status} ${where}`);
    return response;
  }

  /** Another program requests the payment in the owner's name. */
  async asProgram(how: "key" | "signed" | "unsigned"): Promise<HttpResponse> {
    const body = { user_id: USERS.owner.id, property_id: this.propertyId };
    const words = { key: "with its API key", signed: "with an AWS signature", unsigned: "without a signature" }[how];
    this.say("program", `requests the payment in the owner's name, ${words}`);
    const ask = {
      key: () => this.#caller.initiateByKey(body),
      signed: () => this.#caller.initiateSigned(body),
      unsigned: () => this.#caller.post("/internal/v1/payments/initiate", JSON.stringify(body)),
    }[how];
    const response = await ask();
    this.#keep("program", response);
    const url = response.body["checkout_url"];
    this.say("program", url ? `gets ${url}` : `gets ${response.status}`);
    await this.#cloud.settle();
    return response;
  }

  /** An administrator asks for a link in the owner's name, who reads the reason. */
  async askAsSupport(reason: string | undefined): Promise<HttpResponse> {
    this.say(
      "program",
      `support asks in the owner's name, ${reason === undefined ? "without a reason" : `because: ${reason}`}`,
    );
    const body = { user_id: USERS.owner.id, property_id: this.propertyId, reason };
    const response = await this.#caller.initiate(body, { as: "admin" });
    this.#keep("support", response);
    this.say(
      "program",
      `support gets ${response.body["checkout_url"] ?? `${response.status}: ${response.body["detail"]}`}`,
    );
    await this.#cloud.settle();
    return response;
  }

  async statusAsProgram(checkout: Checkout): Promise<HttpResponse> {
    const headers = { "x-api-key": this.#cloud.address.apiKey };
    const response = await this.#caller.get(`/api/v1/payments/${checkout.id}/status`, headers);
    this.#keep("status", response);
    this.say("program", `reads the status → ${response.body["status"]} (${response.body["state"]})`);
    return response;
  }

  /** The owner logs in through this service. */
  async logIn(): Promise<HttpResponse> {
    const form = new URLSearchParams({ username: USERS.owner.email, password: PASSWORD }).toString();
    const type = { "content-type": "application/x-www-form-urlencoded" };
    const response = await this.#caller.post("/token", form, type);
    this.#keep("log in", response);
    this.say(
      "owner",
      `logs in → ${response.status === 200 ? "a token" : `${response.status}: ${response.body["detail"]}`}`,
    );
    return response;
  }

  async status(checkout: Checkout): Promise<HttpResponse> {
    const response = await this.#caller.status(checkout.id);
    this.#keep("status", response);
    this.say("owner", `reads the status → ${stateIn(response)}`);
    return response;
  }

  /** The owner lists their payments. */
  async list(): Promise<HttpResponse> {
    const headers = { authorization: `Bearer ${this.#cloud.address.users.owner.token}` };
    const response = await this.#caller.get("/api/v1/payments", headers);
    this.#keep("list", response);
    const { data, warning } = response.body;
    const shown = Array.isArray(data) ? `${data.length} of them` : String(response.status);
    this.say("owner", `lists their payments → ${shown}${warning ? ", with a warning" : ""}`);
    return response;
  }

  /** Another release writes attributes of a payment's row. */
  async rewrite(checkout: Checkout, attributes: Record<string, string | number>): Promise<void> {
    const key = `${PAYMENT_PREFIX}${parseTxRef(checkout.txRef, TX_STAGE)?.ref}`;
    await this.#cloud.rows.change(key, attributes);
    const words = Object.entries(attributes).map(([name, value]) => `${name} ${value}`);
    this.say("payments", `another release writes a row: ${words.join(", ")}`);
    await this.#cloud.settle();
  }

  /** Posts to the webhook. */
  async webhook(what: string, body: string, options: Parameters<ApiClient["webhook"]>[1]): Promise<HttpResponse> {
    const response = await this.#caller.webhook(body, options);
    this.#keep(what, response);
    this.say("chapa", `${what} → ${response.status} ${response.body["detail"] ?? response.body["message"]}`);
    await this.#cloud.settle();
    return response;
  }

  /** Moves the clock, and runs everything that is due. */
  async pass(ms: number, reason: string): Promise<void> {
    this.say("clock", `${lengthOf(ms)} pass: ${reason}`);
    await this.#cloud.advance(ms);
  }

  async disturb(target: Disturbed, fault: string | { fault: string; [key: string]: unknown }): Promise<void> {
    const name = typeof fault === "string" ? fault : fault.fault;
    this.say(target, name === "down" ? "goes down" : `gets a fault: ${name}`);
    await this.#cloud.fault(target, fault);
  }

  async recover(target: Disturbed): Promise<void> {
    this.say(target, "works again");
    await this.#cloud.fault(target, null);
  }

  /** While `isLosing` is true, nobody gets the changes of the table. */
  loseChanges(isLosing: boolean): void {
    this.say("payments", isLosing ? "loses the records of its stream" : "delivers the records of its stream again");
    this.#cloud.stream.lose(isLosing);
  }

  /** Plans the faults of all later webhooks and callbacks. */
  plan(plan: DeliveryPlan): void {
    this.#cloud.chapa?.plan("*", plan);
  }

  async outcome(): Promise<Outcome> {
    await this.#cloud.sweep();
    return outcomeOf(this.#cloud, this.#answers);
  }

  async close(): Promise<void> {
    await this.#cloud.close();
  }

  #pressed(response: HttpResponse): HttpResponse {
    this.#keep("pay", response);
    const { checkout_url: url, mode, detail } = response.body;
    // The listing's answer to its owner has no mode.
    const where = mode === undefined ? url : `${url} (${mode} mode)`;
    this.say("owner", url ? `gets ${where}` : `gets ${response.status}: ${detail}`);
    return response;
  }

  #keep(asked: string, { status, body, headers }: HttpResponse): void {
    const [location, retryAfter] = [headers.get("location"), headers.get("retry-after")];
    this.#answers.push({ asked, status, body, location, retryAfter });
  }
}

function stateIn({ status, body }: HttpResponse): string {
  return status === 200 ? `${body["status"]} (${body["state"]}, ${body["mode"]} mode)` : `${status}: ${body["detail"]}`;
}

function lengthOf(ms: number): string {
  if (ms >= 2 * DAY_MS) return `${round(ms / DAY_MS)} days`;
  if (ms >= 2 * HOUR_MS) return `${round(ms / HOUR_MS)} hours`;
  return ms >= MINUTE_MS ? `${round(ms / MINUTE_MS)} minutes` : `${round(ms / 1000)} seconds`;
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** The checkout in an answer to a press. @throws Error for any status other than 2xx */
export function checkoutOf({ status, body }: HttpResponse): Checkout {
  if (status < 200 || status > 299) throw new Error(`the owner got ${status}: ${body["detail"]}`);
  return { id: String(body["id"]), txRef: String(body["chapa_tx_ref"]), url: String(body["checkout_url"]) };
}
