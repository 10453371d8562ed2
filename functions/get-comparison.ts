import { createAuthenticate } from "../lib/composition/authenticate.ts";
import { createAuthSecret } from "../lib/composition/secrets.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { ComparisonResponse } from "../lib/contract/reports.ts";
import { toComparison } from "../lib/http/comparison-response.ts";
import { authenticatedEndpoint, json } from "../lib/http/endpoint.ts";
import { documentClient } from "../lib/table/client.ts";
import { ProgressTable } from "../lib/table/progress.ts";

const env = readEnv(FUNCTIONS["get-comparison"].env);
const progress = new ProgressTable(documentClient(), env.TABLE_NAME);
const authenticate = createAuthenticate(env, createAuthSecret(env));

export const handler = authenticatedEndpoint(authenticate, "nothing", async () =>
  json(200, ComparisonResponse, toComparison(await progress.last())),
);
