import { createAuthenticate } from "../lib/composition/authenticate.ts";
import { createAuthSecret } from "../lib/composition/secrets.ts";
import { PauseRequest, PauseResponse, ResumeRequest } from "../lib/contract/actions.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { pause, resume } from "../lib/flows/pause.ts";
import { authenticatedEndpoint, json } from "../lib/http/endpoint.ts";
import { operatorOf } from "../lib/http/operator.ts";
import { parseRequest } from "../lib/http/parse.ts";
import { endOf, toPause } from "../lib/http/pause.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { log } from "../lib/runtime/logger.ts";
import { documentClient } from "../lib/table/client.ts";
import { TableIdentity } from "../lib/table/table-identity.ts";

const env = readEnv(FUNCTIONS["pause-payments"].env);
const auth = createAuthSecret(env);
const authenticate = createAuthenticate(env, auth);
const ports = {
  identity: new TableIdentity(documentClient(), env.TABLE_NAME, systemClock),
  namespace: async () => (await auth.get()).namespace,
  clock: systemClock,
  log,
};

export const handler = authenticatedEndpoint(authenticate, "json", async ({ principal, event, body }) => {
  const by = operatorOf(principal, env.OPERATOR_IDS, body);
  if (event.routeKey.endsWith("/resume")) {
    const { reason, restored } = parseRequest("body", ResumeRequest, body);
    return json(200, PauseResponse, toPause(await resume(ports, { reason, isRestored: restored, by })));
  }
  const { reason, until } = parseRequest("body", PauseRequest, body);
  const end = endOf(until, systemClock.now());
  return json(200, PauseResponse, toPause(await pause(ports, { reason, until: end, by })));
});
