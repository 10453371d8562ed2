import { createAuthenticate } from "../lib/composition/authenticate.ts";
import { createPolicy } from "../lib/composition/policy.ts";
import { createAuthSecret } from "../lib/composition/secrets.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { DeliveriesResponse } from "../lib/contract/reports.ts";
import { listDeliveries } from "../lib/flows/list-deliveries.ts";
import { toDeliveries } from "../lib/http/deliveries-response.ts";
import { authenticatedEndpoint, json } from "../lib/http/endpoint.ts";
import { paymentAt } from "../lib/http/payment-path.ts";
import { documentClient } from "../lib/table/client.ts";
import { MarkTable } from "../lib/table/marks.ts";
import { PaymentTable } from "../lib/table/payments.ts";

const env = readEnv(FUNCTIONS["get-deliveries"].env);
const client = documentClient();
const payments = new PaymentTable(client, env.TABLE_NAME, env.TX_STAGE);
const ports = { marks: new MarkTable(client, env.TABLE_NAME), policy: createPolicy(env) };
const authenticate = createAuthenticate(env, createAuthSecret(env));

export const handler = authenticatedEndpoint(authenticate, "nothing", async ({ principal, event }) => {
  const payment = await paymentAt(event, principal, (ref) => payments.find(ref));
  const { listing, messages } = await listDeliveries(ports, payment);
  return json(200, DeliveriesResponse, toDeliveries(listing, messages));
});
