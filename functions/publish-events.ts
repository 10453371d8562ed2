import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import type { ListingMessage, NotificationMessage } from "../lib/contract/queues.ts";
import { publish } from "../lib/flows/publish.ts";
import { Queue, sqsClient } from "../lib/queue/send.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { log } from "../lib/runtime/logger.ts";
import { documentClient } from "../lib/table/client.ts";
import { streamHandler } from "../lib/table/stream.ts";
import { TotalsTable } from "../lib/table/totals.ts";

const env = readEnv(FUNCTIONS["publish-events"].env);
const sqs = sqsClient();
const ports = {
  listing: new Queue<ListingMessage>(sqs, env.LISTING_QUEUE_URL),
  notification: new Queue<NotificationMessage>(sqs, env.NOTIFICATION_QUEUE_URL),
  totals: new TotalsTable(documentClient(), env.TABLE_NAME),
  expectedMode: env.EXPECTED_MODE,
  clock: systemClock,
  log,
};

export const handler = streamHandler((changes) => publish(ports, changes));
