import { createAuthenticate } from "../lib/composition/authenticate.ts";
import { createReconcilePorts } from "../lib/composition/reconcile.ts";
import { createAuthSecret } from "../lib/composition/secrets.ts";
import { ReconcileRequest, ReconcileResponse } from "../lib/contract/actions.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { reconcile } from "../lib/flows/reconcile.ts";
import { authenticatedEndpoint, json } from "../lib/http/endpoint.ts";
import { operatorOf } from "../lib/http/operator.ts";
import { parseRequest } from "../lib/http/parse.ts";

const env = readEnv(FUNCTIONS["reconcile-now"].env);
const authenticate = createAuthenticate(env, createAuthSecret(env));
const ports = createReconcilePorts(env);
const ANSWER_MS = 1_000;

export const handler = authenticatedEndpoint(authenticate, "json", async ({ principal, body, endsAt }) => {
  const by = operatorOf(principal, env.OPERATOR_IDS, body);
  const { reason } = parseRequest("body", ReconcileRequest, body);
  ports.log.info("reconcile_asked", { by, reason });
  const { kind, verifications, findings } = await reconcile(ports, endsAt - ANSWER_MS, true);
  return json(200, ReconcileResponse, { outcome: kind, verifications, findings });
});
