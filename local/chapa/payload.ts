import { createHmac } from "node:crypto";
import { feeOf, toText, toTime } from "./money.ts";
import type { Profile } from "./profiles.ts";
import type { Random } from "./random.ts";
import type { PaymentEvent, Transaction } from "./transactions.ts";

/** The fields of a webhook in their order in the JSON. */
export type WebhookFields = (readonly [name: string, value: unknown])[];

/** Lower-case hex of HMAC-SHA256. */
export function hmac(secret: string, content: string | Uint8Array): string {
  return createHmac("sha256", secret).update(content).digest("hex");
}

/** JSON as PHP writes it: with escaped slashes and non-ASCII characters. */
export function phpJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll("/", "\\/")
    .replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The webhook fields about `paymentEvent`, with this profile's wording. */
export function webhookFields(
  transaction: Transaction,
  paymentEvent: PaymentEvent,
  { profile, random }: { profile: Profile; random: Random },
): WebhookFields {
  const { order } = transaction;
  const absent = profile.trait("absent", order.txRef);
  const personal = (name: string, value: string | null): WebhookFields => {
    if (value !== null) return [[name, value]];
    return absent === "missing" ? [] : [[name, absent === "empty" ? "" : null]];
  };
  const { event, status } = eventOf(paymentEvent, profile, order.txRef);
  const reason: WebhookFields =
    profile.trait("failureReason", order.txRef) === "sent" ? [["failure_reason", paymentEvent.reason]] : [];
  const fields: WebhookFields = [
    ["event", event],
    ...personal("first_name", order.firstName),
    ...personal("last_name", order.lastName),
    ...personal("email", order.email),
    ...personal("mobile", order.phone && `251${order.phone.slice(1)}`),
    ["currency", paymentEvent.currency],
    ["amount", toText(paymentEvent.amount)],
    ["charge", toText(feeOf(paymentEvent.amount))],
    ["status", status],
    ...reason,
    ["mode", paymentEvent.mode],
    ["reference", paymentEvent.reference],
    ["created_at", toTime(transaction.createdAt)],
    ["updated_at", toTime(paymentEvent.at)],
    ["type", "API"],
    ["tx_ref", order.txRef],
    ["payment_method", paymentEvent.method],
    ["customization", { title: order.title, description: order.description, logo: order.logo }],
    ["meta", order.meta],
  ];
  if (profile.trait("strangeFields", order.txRef) === "some") fields.push(["processor", { id: 7, note: "new" }]);
  return profile.trait("fieldOrder", order.txRef) === "shuffled"
    ? random.shuffle(`order:${order.txRef}`, fields)
    : fields;
}

function eventOf(paymentEvent: PaymentEvent, profile: Profile, txRef: string): { event: string; status: string } {
  switch (paymentEvent.kind) {
    case "success":
      return { event: "charge.success", status: "success" };
    case "failed":
      return { event: profile.trait("failedEvent", txRef), status: profile.trait("failedInWebhook", txRef) };
    case "refunded":
      return { event: profile.trait("refundEvent", txRef), status: "refunded" };
    case "refund-reversed":
      return { event: "refund.reversed", status: "reversed" };
    case "reversed":
      return { event: "charge.reversed", status: "reversed" };
  }
}
