import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { judgeSignature } from "../lib/chapa/signature.ts";
import { WebhookAnswer } from "../lib/contract/api.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import type { ResolveMessage } from "../lib/contract/queues.ts";
import { returnPath } from "../lib/contract/routes.ts";
import { WebhookSecret } from "../lib/contract/secrets.ts";
import { Unauthenticated } from "../lib/domain/errors.ts";
import { handleUnverifiedNotice } from "../lib/flows/handle-unverified-notice.ts";
import { endpoint, json, seeOther } from "../lib/http/endpoint.ts";
import { rawBody, WEBHOOK_LIMIT_BYTES } from "../lib/http/raw-body.ts";
import { isBrowser, signedReference, unsignedReference } from "../lib/http/webhook-request.ts";
import { Queue, sqsClient } from "../lib/queue/send.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { log } from "../lib/runtime/logger.ts";
import { count } from "../lib/runtime/metrics.ts";
import { RateLimiter } from "../lib/runtime/rate-limit.ts";
import { Secret } from "../lib/runtime/secrets.ts";
import { documentClient } from "../lib/table/client.ts";
import { PaymentTable } from "../lib/table/payments.ts";

const env = readEnv(FUNCTIONS["chapa-webhook"].env);
const secret = new Secret(env.WEBHOOK_SECRET_ARN, WebhookSecret, systemClock, log);
const resolve = new Queue<ResolveMessage>(sqsClient(), env.RESOLVE_QUEUE_URL);
const hints = {
  payments: new PaymentTable(documentClient(), env.TABLE_NAME),
  resolve,
  bucket: new RateLimiter("triggers", env.RATE_LIMIT_TRIGGERS, systemClock),
  clock: systemClock,
};

const MESSAGES = {
  processed: "Webhook processed successfully",
  already_processed: "Payment already processed, no action taken",
  not_found: "Payment not found, no action taken",
} as const;

export const handler = endpoint("raw", async ({ event }) => {
  const raw = rawBody(event, WEBHOOK_LIMIT_BYTES);
  const isSigned = event.requestContext.http.method === "POST" && (await isAuthentic(event, raw));
  if (isSigned) {
    const reference = signedReference(raw);
    if (reference) await resolve.send({ message: { tx_ref: reference, trigger: "webhook" } });
    count("WebhookAccepted");
    return json(200, WebhookAnswer, { message: MESSAGES.processed });
  }
  const reference = unsignedReference(event, raw);
  const hinted = await handleUnverifiedNotice(hints, reference);
  if (hinted !== "not_found" && isBrowser(event)) return seeOther(`${env.BASE_URL}${returnPath(reference)}`);
  return json(200, WebhookAnswer, { message: MESSAGES[hinted] });
});

/** False for the constant header, which proves nothing about the content and may only hint. */
async function isAuthentic(event: APIGatewayProxyEventV2, raw: Buffer): Promise<boolean> {
  let verdict = judgeSignature(raw, event.headers, secretsOf(await secret.get()));
  // It may have been replaced since it was read here.
  if (verdict === "wrong") verdict = judgeSignature(raw, event.headers, secretsOf(await secret.renewed()));
  if (verdict === "authentic" || verdict === "constant") return verdict === "authentic";
  count("WebhookRefused");
  log.warn("webhook_refused", { verdict, bytes: raw.length });
  throw new Unauthenticated(verdict === "absent" ? "X-Chapa-Signature header missing" : "Invalid webhook signature");
}

function secretsOf({ chapa_webhook_secret, chapa_webhook_secret_previous }: WebhookSecret): string[] {
  return [chapa_webhook_secret, chapa_webhook_secret_previous ?? []].flat();
}
