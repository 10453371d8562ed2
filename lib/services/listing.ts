import * as z from "zod";
import type { Uuid } from "../domain/ids.ts";
import type { WireStatus } from "../domain/vocabulary.ts";
import { CallFailed, type HttpRequest, type HttpResponse } from "../runtime/call.ts";
import { parseJson } from "../runtime/json.ts";

// The listing sends its own notification during the request, which takes up to 33 s if that hangs.
const CONFIRM_MS = 40_000;
const GET_MS = 5_000;
// The list of reserved properties has no pages.
const RESERVED_MAX_BYTES = 16 * 1024 * 1024;

/**
 * The listing's answer. `received` carries its current state; `already_processed` does not say which of the two final
 * states it has. `unknown`: it may have acted, or may still act. `unavailable`: it did not act.
 */
export type ListingAnswer =
  | { kind: "received"; propertyStatus: string; paymentStatus: string }
  | { kind: "key_refused"; httpStatus: number }
  | { kind: "already_processed" | "not_found" | "invalid" | "unavailable" | "unknown" };

export type Confirmation = {
  propertyId: Uuid;
  paymentId: Uuid;
  /** `PENDING` is the preflight: it changes nothing and returns the current state. */
  status: WireStatus;
  txRef: string;
  errorMessage?: string | undefined;
};

const Confirmed = z.object({
  status: z.string().nullish(),
  property_status: z.string().nullish(),
  payment_status: z.string().nullish(),
});
const Reserved = z.object({ items: z.array(z.looseObject({ id: z.string() })) });
const Refused = z.object({ detail: z.string() });

/** Property Listing's API; `baseUrl` ends in `/api/v1`. */
export class ListingService {
  readonly #baseUrl: string;
  readonly #apiKey: () => Promise<string>;
  readonly #send: (call: HttpRequest) => Promise<HttpResponse>;

  constructor(baseUrl: string, apiKey: () => Promise<string>, send: (call: HttpRequest) => Promise<HttpResponse>) {
    this.#baseUrl = baseUrl;
    this.#apiKey = apiKey;
    this.#send = send;
  }

  /**
   * Delivers a status, or asks for the current one. It is never repeated here, because two confirms of one property at
   * once both pass.
   */
  async confirm(confirmation: Confirmation, limitMs = CONFIRM_MS): Promise<ListingAnswer> {
    const headers = { "x-api-key": await this.#apiKey(), "content-type": "application/json" };
    try {
      return classify(
        await this.#send({
          method: "POST",
          url: `${this.#baseUrl}/payments/confirm`,
          headers,
          timeoutMs: Math.min(limitMs, CONFIRM_MS),
          body: JSON.stringify({
            property_id: confirmation.propertyId,
            payment_id: confirmation.paymentId,
            status: confirmation.status,
            tx_ref: confirmation.txRef,
            error_message: confirmation.errorMessage,
          }),
        }),
      );
    } catch (error) {
      if (error instanceof CallFailed) return { kind: error.sent ? "unknown" : "unavailable" };
      throw error;
    }
  }

  /**
   * Whether the property is public or reserved, which only an approved one can be; undefined if the listing does not
   * say.
   */
  async isPublicOrReserved(propertyId: Uuid): Promise<boolean | undefined> {
    const shown = await this.#get(`/properties/public/${propertyId}`);
    if (shown?.status === 200) return true;
    if (shown?.status !== 404) return undefined;
    const answer = await this.#get("/properties/reserved", RESERVED_MAX_BYTES);
    const reserved = answer?.status === 200 ? Reserved.safeParse(parseJson(answer.text)).data : undefined;
    return reserved?.items.some(({ id }) => id.toLowerCase() === propertyId);
  }

  async #get(path: string, maxBytes?: number): Promise<HttpResponse | undefined> {
    const limits = { timeoutMs: GET_MS, ...(maxBytes === undefined ? {} : { maxBytes }) };
    try {
      return await this.#send({ method: "GET", url: `${this.#baseUrl}${path}`, ...limits });
    } catch (error) {
      if (error instanceof CallFailed) return undefined;
      throw error;
    }
  }
}

function classify({ status, text }: HttpResponse): ListingAnswer {
  if (status === 200) {
    const confirmed = Confirmed.safeParse(parseJson(text)).data;
    if (confirmed?.status === "already_processed") return { kind: "already_processed" };
    if (!confirmed) return { kind: "unavailable" };
    // A 200 without these fields is still a definite answer: it neither forbids a send nor acknowledges a success.
    return {
      kind: "received",
      propertyStatus: confirmed.property_status ?? "",
      paymentStatus: confirmed.payment_status ?? "",
    };
  }
  if (status === 404) return { kind: isPropertyUnknown(text) ? "not_found" : "unavailable" };
  if (status === 401 || status === 403) return { kind: "key_refused", httpStatus: status };
  if (status === 400 || status === 422) return { kind: "invalid" };
  // The gateway before the listing timed out, so the listing itself may still act.
  if (status === 502 || status === 504) return { kind: "unknown" };
  return { kind: "unavailable" };
}

/** Any other 404 is about the address, not about the property. */
function isPropertyUnknown(text: string): boolean {
  return Refused.safeParse(parseJson(text)).data?.detail === "Property not found";
}
