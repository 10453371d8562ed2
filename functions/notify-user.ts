import { randomUUID } from "node:crypto";
import { createContacts } from "../lib/composition/contacts.ts";
import { createAuthSecret, createGatewaySecret } from "../lib/composition/secrets.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import type { NotificationMessage } from "../lib/contract/queues.ts";
import { DAY_MS } from "../lib/domain/time.ts";
import { type NotifyUserPorts, notifyUsers } from "../lib/flows/notify-user.ts";
import { receiptLink } from "../lib/http/receipt-link.ts";
import { PayerMessageDrain, PayerMessages } from "../lib/queue/payer-messages.ts";
import { Queue, sqsClient } from "../lib/queue/send.ts";
import { call } from "../lib/runtime/call.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { scheduled } from "../lib/runtime/invocation.ts";
import { log } from "../lib/runtime/logger.ts";
import { count } from "../lib/runtime/metrics.ts";
import { NotificationService } from "../lib/services/notification.ts";
import { documentClient } from "../lib/table/client.ts";
import { MarkTable } from "../lib/table/marks.ts";
import { NotificationPauseTable } from "../lib/table/notification-pause.ts";
import { PaymentTable } from "../lib/table/payments.ts";

const env = readEnv(FUNCTIONS["notify-user"].env);
const client = documentClient();
const sqs = sqsClient();
const secret = createGatewaySecret(env);
const auth = createAuthSecret(env);
const bearer = async () => (await secret.get()).notification_bearer;
const url = env.NOTIFICATION_SERVICE_URL;
const ports: NotifyUserPorts = {
  payments: new PaymentTable(client, env.TABLE_NAME, env.TX_STAGE),
  contacts: createContacts(env, client, secret),
  inbox: new PayerMessageDrain(sqs, env),
  marks: new MarkTable(client, env.TABLE_NAME),
  waiting: new PayerMessages(sqs, env),
  dropped: new Queue<NotificationMessage>(sqs, env.NOTIFICATION_DLQ_URL),
  pause: new NotificationPauseTable(client, env.TABLE_NAME),
  notification: url === undefined ? undefined : new NotificationService(url, bearer, call),
  perMinute: env.NOTIFICATIONS_PER_MINUTE,
  maxAgeMs: env.NOTIFICATION_MAX_AGE_DAYS * DAY_MS,
  baseUrl: env.BASE_URL,
  receiptOf: async (paymentId, now) => receiptLink(paymentId, (await auth.get()).namespace, now),
  newId: randomUUID,
  clock: systemClock,
  log,
  count,
};

export const handler = scheduled((deadline) => notifyUsers(ports, deadline));
