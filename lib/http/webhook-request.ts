import type { APIGatewayProxyEventV2 } from "aws-lambda";
import * as z from "zod";
import type { ResolveMessage } from "../contract/queues.ts";
import { parseJson } from "../runtime/json.ts";
import { WebhookInvalid } from "./errors.ts";

// Our references are shorter. Other texts come from payouts or tests, which do not concern us.
const reference = z.string().min(1).max(64).optional().catch(undefined);
const Referring = z.object({ tx_ref: reference, trx_ref: reference });
const SignedBody = Referring.extend({
  reference,
  event: reference,
  amount: z.union([reference, z.number().transform(String)]).catch(undefined),
});
const UnsignedBody = Referring.catch({});

/** What a signed body says of one of our references. `reference` is Chapa's own, `amount` is in birr. */
export type SignedNotice = Pick<ResolveMessage, "tx_ref" | "reference" | "event" | "amount">;

/**
 * Returns what a signed body says; undefined if it names no reference of ours, as a payout or a test does.
 * @throws WebhookInvalid if it is not a JSON object
 */
export function signedNotice(raw: Buffer): SignedNotice | undefined {
  const body = SignedBody.safeParse(parseJson(raw.toString("utf8")));
  if (!body.success) throw new WebhookInvalid("Invalid JSON payload");
  const { tx_ref, trx_ref, ...said } = body.data;
  const named = tx_ref ?? trx_ref;
  return named === undefined ? undefined : { tx_ref: named, ...said };
}

/**
 * Returns the reference that an unsigned call names in its query, JSON body or form, under either name.
 * @throws WebhookInvalid if it names none
 */
export function unsignedReference(event: APIGatewayProxyEventV2, raw: Buffer): string {
  const query = event.queryStringParameters ?? {};
  const body = raw.toString("utf8");
  const json = UnsignedBody.parse(parseJson(body) ?? {});
  const form = new URLSearchParams(body);
  const candidates = [
    query["trx_ref"],
    query["tx_ref"],
    json.trx_ref,
    json.tx_ref,
    form.get("trx_ref"),
    form.get("tx_ref"),
  ];
  const reference = candidates.find(Boolean);
  if (!reference) throw new WebhookInvalid("Invalid webhook/redirect payload");
  return reference;
}

/** Whether the caller is a browser, not a server. */
export function isBrowser(event: APIGatewayProxyEventV2): boolean {
  return event.headers["accept"]?.includes("text/html") ?? false;
}
