import { randomUUID } from "node:crypto";
import { createContacts } from "../lib/composition/contacts.ts";
import { createGatewaySecret } from "../lib/composition/secrets.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { NotificationMessage } from "../lib/contract/queues.ts";
import { Ref } from "../lib/domain/ids.ts";
import { notifyUsers } from "../lib/flows/notify-user.ts";
import { Drain } from "../lib/queue/drain.ts";
import { Queue, sqsClient } from "../lib/queue/send.ts";
import { call } from "../lib/runtime/call.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { scheduled } from "../lib/runtime/invocation.ts";
import { log } from "../lib/runtime/logger.ts";
import { NotificationService } from "../lib/services/notification.ts";
import { documentClient } from "../lib/table/client.ts";
import { MarkTable } from "../lib/table/marks.ts";
import { PaymentTable } from "../lib/table/payments.ts";

const env = readEnv(FUNCTIONS["notify-user"].env);
const client = documentClient();
const sqs = sqsClient();
const secret = createGatewaySecret(env);
const bearer = async () => (await secret.get()).notification_bearer;
const ports = {
  payments: new PaymentTable(client, env.TABLE_NAME, env.TX_STAGE),
  contacts: createContacts(env, client, secret),
  inbox: new Drain(sqs, env.NOTIFICATION_QUEUE_URL, NotificationMessage.extend({ ref: Ref })),
  marks: new MarkTable(client, env.TABLE_NAME),
  dropped: new Queue<NotificationMessage>(sqs, env.NOTIFICATION_DLQ_URL),
  notification: new NotificationService(env.NOTIFICATION_SERVICE_URL, bearer, call),
  baseUrl: env.BASE_URL,
  newId: randomUUID,
  clock: systemClock,
  log,
};

export const handler = scheduled((deadline) => notifyUsers(ports, deadline));
