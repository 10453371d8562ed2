import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import type { ListingMessage, ResolveMessage } from "../lib/contract/queues.ts";
import { sweep } from "../lib/flows/sweep.ts";
import { Queue, sqsClient } from "../lib/queue/send.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { log } from "../lib/runtime/logger.ts";
import { documentClient } from "../lib/table/client.ts";
import { DUE_SHARDS } from "../lib/table/keys.ts";
import { PaymentTable } from "../lib/table/payments.ts";
import { policyOf } from "../lib/wiring/parts.ts";

const env = readEnv(FUNCTIONS["timeout-payments"].env);
const sqs = sqsClient();
const ports = {
  payments: new PaymentTable(documentClient(), env.TABLE_NAME),
  shards: DUE_SHARDS,
  resolve: new Queue<ResolveMessage>(sqs, env.RESOLVE_QUEUE_URL),
  listing: new Queue<ListingMessage>(sqs, env.LISTING_QUEUE_URL),
  policy: policyOf(env),
  clock: systemClock,
  log,
};

export const handler = () => sweep(ports);
