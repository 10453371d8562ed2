import type { APIGatewayProxyEventV2 } from "aws-lambda";
import * as z from "zod";
import { parseJson } from "../runtime/json.ts";
import { WebhookInvalid } from "./errors.ts";

// Nothing longer is a reference of ours; what a payout or a test carries here does not concern us.
const reference = z.string().min(1).max(64).optional().catch(undefined);
const SignedBody = z.object({ tx_ref: reference, trx_ref: reference });
const UnsignedBody = SignedBody.catch({});

/**
 * The payment that a signed body speaks of; undefined when it speaks of none, as a payout's or a test's does.
 * @throws WebhookInvalid when it is not a JSON object
 */
export function signedReference(raw: Buffer): string | undefined {
  const body = SignedBody.safeParse(parseJson(raw.toString("utf8")));
  if (!body.success) throw new WebhookInvalid("Invalid JSON payload");
  return body.data.tx_ref ?? body.data.trx_ref;
}

/**
 * The payment that an unsigned call speaks of: in the query, in a JSON body, or in a form, under either name.
 * @throws WebhookInvalid when it names none
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

/** Whether a person's browser asks, and not a server. */
export function isBrowser(event: APIGatewayProxyEventV2): boolean {
  return event.headers["accept"]?.includes("text/html") ?? false;
}
