import type { APIGatewayProxyEventV2 } from "aws-lambda";
import * as z from "zod";
import { parseJson } from "../runtime/json.ts";
import { WebhookInvalid } from "./errors.ts";

// Our references are shorter. Other texts come from payouts or tests, which do not concern us.
const reference = z.string().min(1).max(64).optional().catch(undefined);
const SignedBody = z.object({ tx_ref: reference, trx_ref: reference });
const UnsignedBody = SignedBody.catch({});

/**
 * Returns the reference that a signed body names; undefined if it names none, as a payout or a test does.
 * @throws WebhookInvalid if it is not a JSON object
 */
export function signedReference(raw: Buffer): string | undefined {
  const body = SignedBody.safeParse(parseJson(raw.toString("utf8")));
  if (!body.success) throw new WebhookInvalid("Invalid JSON payload");
  return body.data.tx_ref ?? body.data.trx_ref;
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
