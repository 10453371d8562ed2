import * as z from "zod";
import type { Uuid } from "../domain/ids.ts";
import type { UserEvent } from "../domain/vocabulary.ts";
import { CallFailed, type HttpRequest, type HttpResponse } from "../runtime/call.ts";
import { parseJson } from "../runtime/json.ts";
import { messageFor } from "./messages.ts";

const SEND_MS = 6_000;

/**
 * `sent`: accepted. `maybe`: it may have reached the user. `later`: it did not, and a later try may succeed. `refused`:
 * it did not, and another try will not succeed. `not_allowed`: the service takes no message of ours until a person acts.
 * `status` is absent if there was no answer.
 */
export type Delivery = {
  kind: "sent" | "maybe" | "later" | "refused" | "not_allowed";
  status?: number;
};

export type Notice = {
  userId: Uuid;
  event: UserEvent;
  /** With its currency, as text. */
  amount: string;
  txRef: string;
  /** Leads to the payment's checkout for as long as the payment exists, or from a success to its receipt. */
  link: string;
  email: string | undefined;
  phone: string | undefined;
  language: string | undefined;
};

// The events for which the notification service has templates.
const EVENT_TYPES: Record<UserEvent, string> = {
  initiated: "payment_initiated",
  paid: "payment_success",
  failed: "payment_failed",
  expired: "payment_failed",
  cancelled: "payment_failed",
  refunded: "payment_refunded",
};

/** The Notification service's API; `baseUrl` ends in `/api/v1`. */
export class NotificationService {
  readonly #baseUrl: string;
  readonly #bearer: () => Promise<string | undefined>;
  readonly #send: (call: HttpRequest) => Promise<HttpResponse>;

  constructor(
    baseUrl: string,
    bearer: () => Promise<string | undefined>,
    send: (call: HttpRequest) => Promise<HttpResponse>,
  ) {
    this.#baseUrl = baseUrl;
    this.#bearer = bearer;
    this.#send = send;
  }

  /** Sends one notice in the user's language, in a body that every version of the service accepts. */
  async send(notice: Notice): Promise<Delivery> {
    const { subject, message, language } = messageFor(notice.event, notice.language, {
      amount: notice.amount,
      tx_ref: notice.txRef,
      link: notice.link,
    });
    const bearer = await this.#bearer();
    try {
      const response = await this.#send({
        method: "POST",
        url: `${this.#baseUrl}/notifications/send`,
        timeoutMs: SEND_MS,
        headers: {
          "content-type": "application/json",
          ...(bearer ? { authorization: `Bearer ${bearer}` } : {}),
        },
        body: JSON.stringify({
          user_id: notice.userId,
          email: notice.email ?? "",
          phone_number: notice.phone ?? "",
          preferred_language: language,
          subject,
          message,
          event_type: EVENT_TYPES[notice.event],
          context: { amount: notice.amount, tx_ref: notice.txRef, property_title: "", location: "" },
        }),
      });
      return { kind: classify(response), status: response.status };
    } catch (error) {
      if (error instanceof CallFailed) return { kind: error.sent ? "maybe" : "later" };
      throw error;
    }
  }
}

const Failed = z.object({ detail: z.string() });

// Its body may hold personal data and SQL, so it is never logged. A 500 may mean its rate limit, or a message that was
// sent but not recorded. We cannot tell which, unless it says that it never came so far.
function classify({ status, text }: HttpResponse): Delivery["kind"] {
  const detail = Failed.safeParse(parseJson(text)).data?.detail;
  if (status >= 200 && status < 300) return "sent";
  if (status === 401 || status === 403) return "not_allowed";
  // The address is wrong. It says about a user whom it does not know that they were not found.
  if (status === 404 && detail === "Not Found") return "not_allowed";
  if (status === 429 || status === 503) return "later";
  if (status >= 500) return detail === "User verification failed" ? "later" : "maybe";
  return "refused";
}
