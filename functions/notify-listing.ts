import { createPolicy } from "../lib/composition/policy.ts";
import { createGatewaySecret } from "../lib/composition/secrets.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { ListingMessage } from "../lib/contract/queues.ts";
import { Ref } from "../lib/domain/ids.ts";
import { notifyListing } from "../lib/flows/notify-listing.ts";
import { sqsClient } from "../lib/queue/send.ts";
import { worker } from "../lib/queue/worker.ts";
import { call } from "../lib/runtime/call.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { log } from "../lib/runtime/logger.ts";
import { count } from "../lib/runtime/metrics.ts";
import { ListingService } from "../lib/services/listing.ts";
import { documentClient } from "../lib/table/client.ts";
import { PaymentTable } from "../lib/table/payments.ts";

const env = readEnv(FUNCTIONS["notify-listing"].env);
const secret = createGatewaySecret(env);
const apiKey = async () => (await secret.get()).listing_api_key;
const ports = {
  payments: new PaymentTable(documentClient(), env.TABLE_NAME, env.TX_STAGE),
  listing: new ListingService(env.PROPERTY_LISTING_SERVICE_URL, apiKey, call),
  policy: createPolicy(env),
  clock: systemClock,
  log,
  count,
};
const queue = {
  schema: ListingMessage.extend({ ref: Ref }),
  client: sqsClient(),
  queueUrl: env.LISTING_QUEUE_URL,
  // The other payments of the property wait behind each message.
  dropsUnreadable: true,
} as const;

export const handler = worker(queue, ({ ref }, { receives }) => notifyListing(ports, ref, receives));
