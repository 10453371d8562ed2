import { createHmac } from "node:crypto";
import * as z from "zod";
import type { CloudAddress } from "./cloud.ts";
import { type Identity, LOCAL_IDENTITY, signatureFor } from "./iam.ts";
import type { UserKey } from "./users.ts";

/** An HTTP response. `body` is its JSON object, or an empty object for any other content. */
export type HttpResponse = {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
  text: string;
};

const Json = z.record(z.string(), z.unknown());

/** Calls a running service as owners, payers, other programs and Chapa do. */
export class ApiClient {
  readonly #at: CloudAddress;

  constructor(at: CloudAddress) {
    this.#at = at;
  }

  /** Requests a payment of the listing fee. Fields of `body` replace the defaults; an undefined field removes one. */
  initiate(
    body: Record<string, unknown>,
    options: { as?: UserKey; headers?: Record<string, string> } = {},
  ): Promise<HttpResponse> {
    const { user_id, token } = this.#at.users[options.as ?? "owner"];
    const headers = { authorization: `Bearer ${token}`, ...options.headers };
    return this.post("/api/v1/payments/initiate", JSON.stringify({ user_id, ...body }), headers);
  }

  /** Requests a payment as a program, with the cloud's API key. */
  initiateByKey(body: Record<string, unknown>, key = this.#at.apiKey): Promise<HttpResponse> {
    return this.post("/api/v1/payments/initiate", JSON.stringify(body), { "x-api-key": key });
  }

  /** Requests a payment as a program, with an AWS signature. */
  async initiateSigned(body: Record<string, unknown>, identity: Identity = LOCAL_IDENTITY): Promise<HttpResponse> {
    const path = "/internal/v1/payments/initiate";
    const request = { method: "POST", url: `${this.#at.api}${path}`, body: JSON.stringify(body) };
    return this.post(path, request.body, await signatureFor(identity, request, Date.now()));
  }

  post(path: string, body: string, headers: Record<string, string> = {}): Promise<HttpResponse> {
    const all = { "content-type": "application/json", ...headers };
    return send(`${this.#at.api}${path}`, { method: "POST", headers: all, body });
  }

  /** Presses "approve and pay" at the listing service. */
  approveAndPay(listingUrl: string, propertyId: string, as: UserKey = "owner"): Promise<HttpResponse> {
    const headers = { authorization: `Bearer ${this.#at.users[as].token}` };
    return send(`${listingUrl}/properties/${propertyId}/approve-and-pay`, { method: "PATCH", headers });
  }

  status(paymentId: string, as: UserKey = "owner"): Promise<HttpResponse> {
    const headers = { authorization: `Bearer ${this.#at.users[as].token}` };
    return send(`${this.#at.api}/api/v1/payments/${paymentId}/status`, { headers });
  }

  /** Performs an action of the payer on Chapa's page. */
  act(checkoutUrl: string, action: string, params: Record<string, unknown> = {}): Promise<HttpResponse> {
    return send(`${checkoutUrl}/act`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ action, ...params }),
    });
  }

  /** Sends a webhook. `secret` signs its exact bytes; `headers` may be anything. */
  webhook(
    body: string | Buffer,
    options: { secret?: string; headers?: Record<string, string> } = {},
  ): Promise<HttpResponse> {
    const signature = options.secret && createHmac("sha256", options.secret).update(body).digest("hex");
    return send(this.#at.webhook, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(signature ? { "x-chapa-signature": signature } : {}),
        ...options.headers,
      },
      body: typeof body === "string" ? body : new Uint8Array(body),
    });
  }

  /** Gets a page as a browser does, but follows no redirect, so that a test can see the location. */
  browse(url: string, headers: Record<string, string> = {}): Promise<HttpResponse> {
    return send(url, { headers: { accept: "text/html", ...headers } });
  }

  get(path: string, headers: Record<string, string> = {}): Promise<HttpResponse> {
    return send(`${this.#at.api}${path}`, { headers });
  }
}

async function send(url: string, init: RequestInit): Promise<HttpResponse> {
  const response = await fetch(url, { redirect: "manual", ...init });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") ?? false;
  return { status: response.status, headers: response.headers, body: isJson ? Json.parse(JSON.parse(text)) : {}, text };
}
