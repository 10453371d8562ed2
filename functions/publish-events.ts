import { randomUUID } from "node:crypto";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import type { ListingMessage } from "../lib/contract/queues.ts";
import { confirmingPurposes } from "../lib/domain/prices.ts";
import { publish } from "../lib/flows/publish.ts";
import { PayerMessages } from "../lib/queue/payer-messages.ts";
import { Queue, sqsClient } from "../lib/queue/send.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { log } from "../lib/runtime/logger.ts";
import { count } from "../lib/runtime/metrics.ts";
import { documentClient } from "../lib/table/client.ts";
import { MarkTable } from "../lib/table/marks.ts";
import { streamHandler } from "../lib/table/stream.ts";
import { TotalsTable } from "../lib/table/totals.ts";

const env = readEnv(FUNCTIONS["publish-events"].env);
const client = documentClient();
const sqs = sqsClient();
const ports = {
  listing: new Queue<ListingMessage>(sqs, env.LISTING_QUEUE_URL),
  notification: new PayerMessages(sqs, env),
  marks: new MarkTable(client, env.TABLE_NAME),
  totals: new TotalsTable(client, env.TABLE_NAME),
  newId: randomUUID,
  policy: { confirmingPurposes: confirmingPurposes(env.PRICE_BOOK), expectedMode: env.EXPECTED_MODE },
  clock: systemClock,
  log,
  count,
};

export const handler = streamHandler((changes) => publish(ports, changes), env.TX_STAGE);
