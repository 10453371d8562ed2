import * as z from "zod";
import type { Uuid } from "../domain/ids.ts";
import type { WireStatus } from "../domain/vocabulary.ts";
import { CallFailed, type HttpRequest, type HttpResponse } from "../runtime/call.ts";
import { parseJson } from "../runtime/json.ts";

// The listing sends its own notification inside the request: up to 33 s when that hangs.
const CONFIRM_MS = 40_000;
const GET_MS = 5_000;

/**
 * What the listing said. `received` is what it now shows; `already_processed` hides which of its two final states it
 * is in. `unknown`: it may or may not have acted, or may still be acting. `unavailable`: it did not act.
 */
export type ListingAnswer =
  | { kind: "received"; propertyStatus: string; paymentStatus: string }
  | { kind: "already_processed" | "not_found" | "key_refused" | "invalid" | "unavailable" | "unknown" };

export type Confirmation = {
  propertyId: Uuid;
  paymentId: Uuid;
  /** `PENDING` changes nothing there and shows what it has. */
  status: WireStatus;
  txRef: string;
  errorMessage?: string | undefined;
};

const Confirmed = z.object({
  status: z.string().nullish(),
  property_status: z.string().nullish(),
  payment_status: z.string().nullish(),
});
const Reserved = z.array(z.looseObject({ id: z.string() }));

/** Property Listing's API; `baseUrl` with `/api/v1`. */
export class ListingService {
  readonly #baseUrl: string;
  readonly #apiKey: () => Promise<string>;
  readonly #send: (call: HttpRequest) => Promise<HttpResponse>;

  constructor(baseUrl: string, apiKey: () => Promise<string>, send: (call: HttpRequest) => Promise<HttpResponse>) {
    this.#baseUrl = baseUrl;
    this.#apiKey = apiKey;
    this.#send = send;
  }

  /** Tells or asks the listing. Never repeated here: two at once for one property both pass there. */
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

  /** Whether the property can be seen or is reserved, which only an approved one can; undefined when nobody says. */
  async isPublicOrReserved(propertyId: Uuid): Promise<boolean | undefined> {
    const shown = await this.#get(`/properties/public/${propertyId}`);
    if (shown?.status === 200) return true;
    if (shown?.status !== 404) return undefined;
    const reserved = await this.#get("/properties/reserved");
    const rows = reserved?.status === 200 ? Reserved.safeParse(parseJson(reserved.text)).data : undefined;
    return rows?.some(({ id }) => id.toLowerCase() === propertyId);
  }

  async #get(path: string): Promise<HttpResponse | undefined> {
    try {
      return await this.#send({ method: "GET", url: `${this.#baseUrl}${path}`, timeoutMs: GET_MS });
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
    // Other words of a definite answer: it showed nothing that speaks against a send, or for having heard.
    return {
      kind: "received",
      propertyStatus: confirmed.property_status ?? "",
      paymentStatus: confirmed.payment_status ?? "",
    };
  }
  if (status === 404) return { kind: "not_found" };
  if (status === 401 || status === 403) return { kind: "key_refused" };
  if (status === 400 || status === 422) return { kind: "invalid" };
  // A gateway that gave up waiting says nothing about the service behind it.
  if (status === 502 || status === 504) return { kind: "unknown" };
  return { kind: "unavailable" };
}
