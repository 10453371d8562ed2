import { isAuthenticWebhook } from "../lib/chapa/webhook-authentication.ts";
import { createWebhookSecret } from "../lib/composition/secrets.ts";
import { WebhookAnswer } from "../lib/contract/api.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import type { ResolveMessage } from "../lib/contract/queues.ts";
import { NO_ROUTE, returnPath, WEBHOOK_PATH } from "../lib/contract/routes.ts";
import { parseTxRef } from "../lib/domain/ids.ts";
import { handleUnverifiedNotice } from "../lib/flows/handle-unverified-notice.ts";
import { endpoint, json, requireMethod, seeOther } from "../lib/http/endpoint.ts";
import { WebhookInvalid } from "../lib/http/errors.ts";
import { BODY_LIMIT_BYTES, rawBody } from "../lib/http/raw-body.ts";
import { isBrowser, signedNotice, unsignedReference } from "../lib/http/webhook-request.ts";
import { Queue, sqsClient } from "../lib/queue/send.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { log } from "../lib/runtime/logger.ts";
import { count } from "../lib/runtime/metrics.ts";
import { prime } from "../lib/runtime/prime.ts";
import { RateLimiter } from "../lib/runtime/rate-limit.ts";
import type { PaymentTable } from "../lib/table/payments.ts";

const env = readEnv(FUNCTIONS["chapa-webhook"].env);
const secret = createWebhookSecret(env);
const authentication = { secret, log, count };
const resolve = new Queue<ResolveMessage>(sqsClient(), env.RESOLVE_QUEUE_URL);
// Chapa's own webhooks read no payment, so the table's client is loaded by the first call that needs it.
let payments: Promise<PaymentTable> | undefined;
const notices = {
  payments: {
    find: async (ref: Parameters<PaymentTable["find"]>[0]) => {
      payments ??= import("../lib/composition/payments.ts").then(({ createPayments }) => createPayments(env));
      return (await payments).find(ref);
    },
  },
  resolve,
  bucket: new RateLimiter("triggers", env.RATE_LIMIT_TRIGGERS, systemClock),
  txStage: env.TX_STAGE,
  clock: systemClock,
};

const MESSAGES = {
  processed: "Webhook processed successfully",
  already_processed: "Payment already processed, no action taken",
  not_found: "Payment not found, no action taken",
  reachable: "Chapa's webhooks are received here",
} as const;

await prime(() => secret.get());

export const handler = endpoint("raw", async ({ event }) => {
  requireMethod(event, WEBHOOK_PATH);
  const raw = rawBody(event, BODY_LIMIT_BYTES);
  const isPost = event.requestContext.http.method === "POST";
  if (isPost && (await isAuthenticWebhook(authentication, raw, event.headers))) {
    const notice = signedNotice(raw);
    const isOurs = notice !== undefined && parseTxRef(notice.tx_ref, env.TX_STAGE) !== undefined;
    if (isOurs) await resolve.send({ message: { ...notice, trigger: "webhook" } });
    count("WebhookAccepted");
    return json(200, WebhookAnswer, { message: isOurs ? MESSAGES.processed : MESSAGES.not_found });
  }
  const reference = unsignedReference(event, raw);
  // Chapa's own check of an address is a GET without a reference.
  if (!reference && !isPost && event.routeKey === NO_ROUTE.key) {
    return json(200, WebhookAnswer, { message: MESSAGES.reachable });
  }
  if (!reference) throw new WebhookInvalid("Invalid webhook/redirect payload");
  const outcome = await handleUnverifiedNotice(notices, reference);
  if (outcome !== "not_found" && isBrowser(event)) return seeOther(`${env.BASE_URL}${returnPath(reference)}`);
  return json(200, WebhookAnswer, { message: MESSAGES[outcome] });
});
