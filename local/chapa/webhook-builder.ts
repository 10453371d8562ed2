import type { DeliveryPlan } from "./delivery-plan.ts";
import { hmac, phpJson, type WebhookFields, webhookFields } from "./payload.ts";
import type { Profile } from "./profiles.ts";
import type { Random } from "./random.ts";
import type { PaymentEvent, Transaction } from "./transactions.ts";

/** A webhook that is ready to send. Every try sends the same bytes and headers. */
export type Webhook = { event: string; headers: Record<string, string>; body: Buffer };

export type BuilderContext = { profile: Profile; random: Random; secretKey: string; webhookSecret: string };

// A little more than the 256 KiB that many queues and functions accept.
const HUGE_PADDING_BYTES = 300 * 1024;

const HEX = "0123456789abcdef";

/** Writes and signs the webhook about `paymentEvent`, with the faults of the transaction's plan. */
export function buildWebhook(transaction: Transaction, paymentEvent: PaymentEvent, context: BuilderContext): Webhook {
  const { plan, order } = transaction;
  const fields = misstate(webhookFields(transaction, paymentEvent, context), plan);
  const { body, type } = encode(fields, plan, context.profile.trait("encoder", order.txRef));
  return {
    event: String(fields.find(([name]) => name === "event")?.[1]),
    headers: { "content-type": type, ...signatures(body, transaction, context) },
    body: plan.tamperedBody ? tamper(body) : body,
  };
}

function misstate(fields: WebhookFields, plan: DeliveryPlan): WebhookFields {
  const txRef = plan.otherMerchant ? "ORDER-7f3a9c20" : plan.unknownTxRef ? "NEVERSEEN0000000000X" : undefined;
  const isSuccess = fields.some(([name, value]) => name === "event" && value === "charge.success");
  return fields.map(([name, value]) => {
    if (name === "tx_ref" && txRef) return [name, txRef];
    if (name === "event" && plan.unknownEvent) return [name, "charge.teleported"];
    if (name === "status" && plan.statusEventMismatch) return [name, isSuccess ? "failed/cancelled" : "success"];
    return [name, value];
  });
}

function encode(fields: WebhookFields, plan: DeliveryPlan, encoder: "php" | "js"): { body: Buffer; type: string } {
  const json = "application/json";
  if (plan.emptyBody) return { body: Buffer.alloc(0), type: json };
  if (plan.formBody) {
    const form = new URLSearchParams();
    for (const [name, value] of fields) form.append(name, typeof value === "object" ? "" : String(value));
    return { body: Buffer.from(String(form)), type: "application/x-www-form-urlencoded" };
  }
  const padded = plan.hugeBody ? [...fields, ["padding", "x".repeat(HUGE_PADDING_BYTES)] as const] : fields;
  const object = Object.fromEntries(padded);
  const text = encoder === "php" ? phpJson(object) : JSON.stringify(object);
  return { body: Buffer.from(plan.truncatedJson ? text.slice(0, text.length / 2) : text), type: json };
}

function signatures(body: Buffer, { plan, order }: Transaction, context: BuilderContext): Record<string, string> {
  if (plan.noHeaders) return {};
  const secret = secretFor(plan, context);
  const reserialised = context.profile.trait("signs", order.txRef) === "reserialised";
  const wrong = () => context.random.text(`signature:${order.txRef}`, 64, HEX);
  const content = plan.badSignature ? wrong() : hmac(secret, reserialised ? rewritten(body) : body);
  const constant = plan.badSignature ? wrong() : hmac(secret, secret);
  const [first, second] = plan.swappedHeaders ? [constant, content] : [content, constant];
  const spell = (hex: string): string => (plan.upperCaseHex ? hex.toUpperCase() : hex);
  return plan.onlyConstantHeader
    ? { "chapa-signature": spell(constant) }
    : { "x-chapa-signature": spell(first), "chapa-signature": spell(second) };
}

function secretFor(plan: DeliveryPlan, { secretKey, webhookSecret }: BuilderContext): string {
  if (plan.otherMerchant) return `not-${webhookSecret}`;
  if (plan.wrongKey) return secretKey;
  if (plan.oldSecret) return plan.oldSecret === true ? `old-${webhookSecret}` : plan.oldSecret;
  return webhookSecret;
}

function rewritten(body: Buffer): string | Buffer {
  try {
    return JSON.stringify(JSON.parse(body.toString("utf8")));
  } catch {
    return body;
  }
}

function tamper(body: Buffer): Buffer {
  return Buffer.from(body.toString("utf8").replace(/"amount":"(\d)/, '"amount":"9$1'));
}
