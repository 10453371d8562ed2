import { createAuthenticate } from "../lib/composition/authenticate.ts";
import { createPolicy } from "../lib/composition/policy.ts";
import { createAuthSecret } from "../lib/composition/secrets.ts";
import { NotificationsRequest } from "../lib/contract/actions.ts";
import { PaymentDetail } from "../lib/contract/api.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import type { ListingMessage } from "../lib/contract/queues.ts";
import { sendAgain } from "../lib/flows/notify-again.ts";
import { authenticatedEndpoint, json } from "../lib/http/endpoint.ts";
import { operatorOf } from "../lib/http/operator.ts";
import { parseRequest } from "../lib/http/parse.ts";
import { toDetail } from "../lib/http/payment-detail.ts";
import { paymentAt } from "../lib/http/payment-path.ts";
import { PayerMessages } from "../lib/queue/payer-messages.ts";
import { Queue, sqsClient } from "../lib/queue/send.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { documentClient } from "../lib/table/client.ts";
import { PaymentTable } from "../lib/table/payments.ts";

const env = readEnv(FUNCTIONS["notify-again"].env);
const sqs = sqsClient();
const authenticate = createAuthenticate(env, createAuthSecret(env));
const ports = {
  payments: new PaymentTable(documentClient(), env.TABLE_NAME, env.TX_STAGE),
  listing: new Queue<ListingMessage>(sqs, env.LISTING_QUEUE_URL),
  notification: new PayerMessages(sqs, env),
  policy: createPolicy(env),
  clock: systemClock,
};

export const handler = authenticatedEndpoint(authenticate, "json", async ({ principal, event, body }) => {
  const by = operatorOf(principal, env.OPERATOR_IDS, body);
  const payment = await paymentAt(event, principal, (ref) => ports.payments.find(ref));
  const asked = parseRequest("body", NotificationsRequest, body);
  const after = await sendAgain(ports, payment, { ...asked, by });
  return json(200, PaymentDetail, toDetail(after, ports.policy, { showsAll: true, now: systemClock.now() }));
});
