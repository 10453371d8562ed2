import { createAuthenticate } from "../lib/composition/authenticate.ts";
import { createPolicy } from "../lib/composition/policy.ts";
import { createAuthSecret } from "../lib/composition/secrets.ts";
import { PaymentDetail } from "../lib/contract/api.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { isPrivileged } from "../lib/domain/principal.ts";
import { authenticatedEndpoint, json } from "../lib/http/endpoint.ts";
import { tagged } from "../lib/http/etag.ts";
import { toDetail } from "../lib/http/payment-detail.ts";
import { paymentAt } from "../lib/http/payment-path.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { prime } from "../lib/runtime/prime.ts";
import { documentClient } from "../lib/table/client.ts";
import { PaymentTable } from "../lib/table/payments.ts";
import { primeTable } from "../lib/table/prime-table.ts";

const env = readEnv(FUNCTIONS["get-payment"].env);
const client = documentClient();
const payments = new PaymentTable(client, env.TABLE_NAME, env.TX_STAGE);
const auth = createAuthSecret(env);
const authenticate = createAuthenticate(env, auth);
const policy = createPolicy(env);

await prime(
  () => auth.get(),
  () => primeTable(client, env.TABLE_NAME),
);

export const handler = authenticatedEndpoint(authenticate, "nothing", async ({ principal, event }) => {
  const payment = await paymentAt(event, principal, (ref) => payments.find(ref));
  return tagged(
    event,
    json(200, PaymentDetail, toDetail(payment, policy, { showsAll: isPrivileged(principal), now: systemClock.now() })),
  );
});
