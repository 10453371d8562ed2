import { createAuthenticate } from "../lib/composition/authenticate.ts";
import { createPolicy } from "../lib/composition/policy.ts";
import { createAuthSecret } from "../lib/composition/secrets.ts";
import { AttentionAnswer, EntryPath, PaymentDetail } from "../lib/contract/api.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { answerAttention } from "../lib/flows/answer-attention.ts";
import { authenticatedEndpoint, json } from "../lib/http/endpoint.ts";
import { operatorOf } from "../lib/http/operator.ts";
import { parseRequest } from "../lib/http/parse.ts";
import { toDetail } from "../lib/http/payment-detail.ts";
import { paymentAt } from "../lib/http/payment-path.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { prime } from "../lib/runtime/prime.ts";
import { documentClient } from "../lib/table/client.ts";
import { PaymentTable } from "../lib/table/payments.ts";
import { primeTable } from "../lib/table/prime-table.ts";

const env = readEnv(FUNCTIONS["answer-attention"].env);
const auth = createAuthSecret(env);
const authenticate = createAuthenticate(env, auth);
const client = documentClient();
const ports = {
  payments: new PaymentTable(client, env.TABLE_NAME, env.TX_STAGE),
  policy: createPolicy(env),
  clock: systemClock,
};

await prime(
  () => auth.get(),
  () => primeTable(client, env.TABLE_NAME),
);

export const handler = authenticatedEndpoint(authenticate, "json", async ({ principal, event, body }) => {
  const by = operatorOf(principal, env.OPERATOR_IDS, body);
  const payment = await paymentAt(event, principal, (ref) => ports.payments.find(ref));
  const { entry } = parseRequest("path", EntryPath, event.pathParameters);
  const answer = parseRequest("body", AttentionAnswer, body);
  const answered = await answerAttention(ports, payment, { ...answer, entry, by });
  return json(200, PaymentDetail, toDetail(answered, ports.policy, { showsAll: true, now: systemClock.now() }));
});
