import { createHmac } from "node:crypto";
import { feeOf, toText, toTime } from "./money.ts";
import type { Profile } from "./profiles.ts";
import type { Random } from "./random.ts";
import type { Happening, Transaction } from "./transactions.ts";

/** The fields of a webhook in the order in which they are written. */
export type WebhookFields = (readonly [name: string, value: unknown])[];

/** Lower-case hex of HMAC-SHA256. */
export function hmac(secret: string, content: string | Uint8Array): string {
  return createHmac("sha256", secret).update(content).digest("hex");
}

/** JSON as PHP writes it: slashes and everything beyond ASCII escaped. */
export function phpJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll("/", "\\/")
    .replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** What Chapa says of `happening`, in this profile's words. */
export function webhookFields(
  transaction: Transaction,
  happening: Happening,
  { profile, random }: { profile: Profile; random: Random },
): WebhookFields {
  const { order } = transaction;
  const absent = profile.trait("absent", order.txRef);
  const personal = (name: string, value: string | null): WebhookFields => {
    if (value !== null) return [[name, value]];
    return absent === "missing" ? [] : [[name, absent === "empty" ? "" : null]];
  };
  const { event, status } = eventOf(happening, profile, order.txRef);
  const reason: WebhookFields =
    profile.trait("failureReason", order.txRef) === "sent" ? [["failure_reason", happening.reason]] : [];
  const fields: WebhookFields = [
    ["event", event],
    ...personal("first_name", order.firstName),
    ...personal("last_name", order.lastName),
    ...personal("email", order.email),
    ...personal("mobile", order.phone && `251${order.phone.slice(1)}`),
    ["currency", happening.currency],
    ["amount", toText(happening.amount)],
    ["charge", toText(feeOf(happening.amount))],
    ["status", status],
    ...reason,
    ["mode", happening.mode],
    ["reference", happening.reference],
    ["created_at", toTime(transaction.createdAt)],
    ["updated_at", toTime(happening.at)],
    ["type", "API"],
    ["tx_ref", order.txRef],
    ["payment_method", happening.method],
    ["customization", { title: order.title, description: order.description, logo: order.logo }],
    ["meta", order.meta],
  ];
  if (profile.trait("strangeFields", order.txRef) === "some") fields.push(["processor", { id: 7, note: "new" }]);
  return profile.trait("fieldOrder", order.txRef) === "shuffled"
    ? random.shuffle(`order:${order.txRef}`, fields)
    : fields;
}

function eventOf(happening: Happening, profile: Profile, txRef: string): { event: string; status: string } {
  switch (happening.what) {
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
