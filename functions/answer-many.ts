import { createAuthenticate } from "../lib/composition/authenticate.ts";
import { createPolicy } from "../lib/composition/policy.ts";
import { createAuthSecret } from "../lib/composition/secrets.ts";
import { AnswersRequest, AnswersResponse } from "../lib/contract/api.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { answerMany } from "../lib/flows/answer-many.ts";
import { authenticatedEndpoint, json } from "../lib/http/endpoint.ts";
import { operatorOf } from "../lib/http/operator.ts";
import { parseRequest } from "../lib/http/parse.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { documentClient } from "../lib/table/client.ts";
import { FLAG_SHARDS } from "../lib/table/keys.ts";
import { PaymentTable } from "../lib/table/payments.ts";

const env = readEnv(FUNCTIONS["answer-many"].env);
const authenticate = createAuthenticate(env, createAuthSecret(env));
const ports = {
  payments: new PaymentTable(documentClient(), env.TABLE_NAME, env.TX_STAGE),
  flagShards: FLAG_SHARDS,
  policy: createPolicy(env),
  clock: systemClock,
};

export const handler = authenticatedEndpoint(authenticate, "json", async ({ principal, body, deadline }) => {
  const by = operatorOf(principal, env.OPERATOR_IDS, body);
  const { code, before, reason } = parseRequest("body", AnswersRequest, body);
  const words = { code, before: Date.parse(before), reason, by };
  const { answers, unreadable, hasMore } = await answerMany(ports, words, deadline);
  return json(200, AnswersResponse, {
    answers: answers.map(({ paymentId, entry, outcome }) => ({ payment_id: paymentId, entry, outcome })),
    unreadable,
    has_more: hasMore,
  });
});
