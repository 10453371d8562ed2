import * as z from "zod";
import { createChapa } from "../lib/composition/chapa.ts";
import { createLimiter } from "../lib/composition/limiter.ts";
import { aroundPages } from "../lib/composition/pages.ts";
import { createPolicy } from "../lib/composition/policy.ts";
import { createAuthSecret, createGatewaySecret } from "../lib/composition/secrets.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { handleReturn } from "../lib/flows/handle-return.ts";
import { endpoint, header, seeOther } from "../lib/http/endpoint.ts";
import { pageLanguage } from "../lib/http/pages/frame.ts";
import { pendingPage, refreshingAt } from "../lib/http/pages/pending-page.ts";
import { parseRequest } from "../lib/http/parse.ts";
import { queryOf } from "../lib/http/query.ts";
import { redirects } from "../lib/http/redirects.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { log } from "../lib/runtime/logger.ts";
import { count } from "../lib/runtime/metrics.ts";
import { prime } from "../lib/runtime/prime.ts";
import { secretsClient } from "../lib/runtime/secrets.ts";
import { documentClient } from "../lib/table/client.ts";
import { PaymentTable } from "../lib/table/payments.ts";
import { primeTable } from "../lib/table/prime-table.ts";

const Path = z.object({ tx_ref: z.string().max(64) });
const Query = z.object({
  lang: z.string().optional(),
  since: z.coerce.number().int().min(0).optional().catch(undefined),
});
const env = readEnv(FUNCTIONS["payment-return"].env);
const to = redirects(env);
const secrets = secretsClient();
const auth = createAuthSecret(env, secrets);
const gateway = createGatewaySecret(env, secrets);
const client = documentClient();
const around = aroundPages(env);
const ports = {
  payments: new PaymentTable(client, env.TABLE_NAME, env.TX_STAGE),
  chapa: createChapa(env, gateway),
  budget: createLimiter({ name: "triggers", limit: env.RATE_LIMIT_TRIGGERS }, auth),
  policy: createPolicy(env),
  txStage: env.TX_STAGE,
  clock: systemClock,
  log,
  count,
};

await prime(
  () => auth.get(),
  () => gateway.get(),
  () => primeTable(client, env.TABLE_NAME),
);

export const handler = endpoint("nothing", async ({ event, deadline }) => {
  const { tx_ref } = parseRequest("path", Path, event.pathParameters);
  const { lang, since } = parseRequest("query", Query, queryOf(event));
  const payment = await handleReturn(ports, tx_ref, deadline);
  const location = payment && to(payment, tx_ref);
  if (location) return seeOther(location);
  const language = pageLanguage(lang, header(event, "accept-language"));
  const visit = { language, since, now: ports.clock.now(), around };
  const refreshing = refreshingAt(payment, visit, ports.policy);
  return refreshing ? seeOther(refreshing) : pendingPage(payment, tx_ref, visit, ports.policy);
});
