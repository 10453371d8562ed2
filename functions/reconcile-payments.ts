import { createReconcilePorts } from "../lib/composition/reconcile.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { reconcile } from "../lib/flows/reconcile.ts";
import { scheduled } from "../lib/runtime/invocation.ts";

const env = readEnv(FUNCTIONS["reconcile-payments"].env);
const ports = createReconcilePorts(env);

export const handler = scheduled((deadline) => reconcile(ports, deadline));
