import { createHmac } from "node:crypto";
import * as z from "zod";
import type { CloudAddress } from "./cloud.ts";
import { type Identity, LOCAL_IDENTITY, signatureFor } from "./iam.ts";
import type { PersonName } from "./people.ts";

/** One answer over HTTP; `body` is its JSON object, empty for anything else. */
export type Heard = {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
  text: string;
};

const Json = z.record(z.string(), z.unknown());

/** Calls a running service as its callers do: owners through the API, payers at Chapa's page, Chapa at the webhook. */
export class Caller {
  readonly #at: CloudAddress;

  constructor(at: CloudAddress) {
    this.#at = at;
  }

  /** Asks for a payment of the listing fee. Fields of `body` replace or, when undefined, remove the usual ones. */
  initiate(
    body: Record<string, unknown>,
    options: { as?: PersonName; headers?: Record<string, string> } = {},
  ): Promise<Heard> {
    const { user_id, token } = this.#at.users[options.as ?? "owner"];
    const headers = { authorization: `Bearer ${token}`, ...options.headers };
    return this.post("/api/v1/payments/initiate", JSON.stringify({ user_id, ...body }), headers);
  }

  /** Asks for a payment as a program, with the cloud's API key. */
  initiateByKey(body: Record<string, unknown>, key = this.#at.apiKey): Promise<Heard> {
    return this.post("/api/v1/payments/initiate", JSON.stringify(body), { "x-api-key": key });
  }

  /** Asks for a payment as a program, with a request that AWS can check. */
  async initiateSigned(body: Record<string, unknown>, identity: Identity = LOCAL_IDENTITY): Promise<Heard> {
    const path = "/internal/v1/payments/initiate";
    const request = { method: "POST", url: `${this.#at.api}${path}`, body: JSON.stringify(body) };
    return this.post(path, request.body, await signatureFor(identity, request, Date.now()));
  }

  /** Posts any text to a path of the API. */
  post(path: string, body: string, headers: Record<string, string> = {}): Promise<Heard> {
    const all = { "content-type": "application/json", ...headers };
    return heard(`${this.#at.api}${path}`, { method: "POST", headers: all, body });
  }

  /** Presses "approve and pay" at the listing service. */
  approveAndPay(listingUrl: string, propertyId: string, as: PersonName = "owner"): Promise<Heard> {
    const headers = { authorization: `Bearer ${this.#at.users[as].token}` };
    return heard(`${listingUrl}/properties/${propertyId}/approve-and-pay`, { method: "PATCH", headers });
  }

  status(paymentId: string, as: PersonName = "owner"): Promise<Heard> {
    const headers = { authorization: `Bearer ${this.#at.users[as].token}` };
    return heard(`${this.#at.api}/api/v1/payments/${paymentId}/status`, { headers });
  }

  /** Does at Chapa's page what a payer does. */
  act(checkoutUrl: string, action: string, params: Record<string, unknown> = {}): Promise<Heard> {
    return heard(`${checkoutUrl}/act`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ action, ...params }),
    });
  }

  /** Sends a webhook with whatever headers; `secret` signs its exact bytes. */
  webhook(body: string | Buffer, options: { secret?: string; headers?: Record<string, string> } = {}): Promise<Heard> {
    const signature = options.secret && createHmac("sha256", options.secret).update(body).digest("hex");
    return heard(this.#at.webhook, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(signature ? { "x-chapa-signature": signature } : {}),
        ...options.headers,
      },
      body: typeof body === "string" ? body : new Uint8Array(body),
    });
  }

  /** Follows no redirect, so that where a browser is sent can be seen. */
  browse(url: string, headers: Record<string, string> = {}): Promise<Heard> {
    return heard(url, { headers: { accept: "text/html", ...headers } });
  }

  /** A path of the API. */
  get(path: string, headers: Record<string, string> = {}): Promise<Heard> {
    return heard(`${this.#at.api}${path}`, { headers });
  }
}

async function heard(url: string, init: RequestInit): Promise<Heard> {
  const response = await fetch(url, { redirect: "manual", ...init });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") ?? false;
  return { status: response.status, headers: response.headers, body: isJson ? Json.parse(JSON.parse(text)) : {}, text };
}
