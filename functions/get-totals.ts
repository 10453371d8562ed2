import { createAuthenticate } from "../lib/composition/authenticate.ts";
import { createAuthSecret } from "../lib/composition/secrets.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { TotalsQuery, TotalsResponse } from "../lib/contract/reports.ts";
import { authenticatedEndpoint, json } from "../lib/http/endpoint.ts";
import { parseRequest } from "../lib/http/parse.ts";
import { queryOf } from "../lib/http/query.ts";
import { daysOf, toTotals } from "../lib/http/totals-response.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { documentClient } from "../lib/table/client.ts";
import { TotalsTable } from "../lib/table/totals.ts";

const env = readEnv(FUNCTIONS["get-totals"].env);
const totals = new TotalsTable(documentClient(), env.TABLE_NAME);
const authenticate = createAuthenticate(env, createAuthSecret(env));

export const handler = authenticatedEndpoint(authenticate, "nothing", async ({ event }) => {
  const days = daysOf(parseRequest("query", TotalsQuery.strict(), queryOf(event)), systemClock.now());
  return json(200, TotalsResponse, toTotals(await totals.ofDays(days)));
});
