import type { Env } from "../contract/env.ts";
import type { AuthSecret, GatewaySecret } from "../contract/secrets.ts";
import type { SharedLimiter } from "../redis/limiter.ts";
import { systemClock } from "../runtime/clock.ts";
import { log } from "../runtime/logger.ts";
import { count } from "../runtime/metrics.ts";
import type { Secret } from "../runtime/secrets.ts";
import { documentClient } from "../table/client.ts";
import { PaymentTable } from "../table/payments.ts";
import { RequestTable } from "../table/requests.ts";
import { TableIdentity } from "../table/table-identity.ts";
import { createChapa } from "./chapa.ts";
import { createContacts } from "./contacts.ts";
import { createPolicy } from "./policy.ts";
import { createUserDirectory } from "./user-directory.ts";

// A lease ends shortly after its invocation, so that no other caller takes over while the invocation still runs.
const LEASE_MARGIN_MS = 2_000;

type InitiateEnv = Parameters<typeof createChapa>[0] &
  Parameters<typeof createPolicy>[0] &
  Parameters<typeof createUserDirectory>[0] &
  Pick<Env, "TABLE_NAME" | "TX_STAGE" | "BASE_URL">;

/** Returns what a press for a checkout needs. `limiter` counts presses, `presses` those that open nothing. */
export function createInitiatePorts(
  env: InitiateEnv,
  { auth, gateway }: { auth: Secret<AuthSecret>; gateway: Secret<GatewaySecret> },
  limits: { limiter: SharedLimiter; presses: SharedLimiter },
) {
  const client = documentClient();
  return {
    ...limits,
    payments: new PaymentTable(client, env.TABLE_NAME, env.TX_STAGE),
    requests: new RequestTable(client, env.TABLE_NAME),
    contacts: createContacts(env, client, gateway),
    chapa: createChapa(env, gateway),
    customers: createUserDirectory(env, gateway),
    namespace: async () => (await auth.get()).namespace,
    priceBook: env.PRICE_BOOK,
    policy: createPolicy(env),
    identity: new TableIdentity(client, env.TABLE_NAME, systemClock),
    baseUrl: env.BASE_URL,
    txStage: env.TX_STAGE,
    clock: systemClock,
    log,
    count,
  };
}

/** Returns how long a press may take and keep its lease, from its call. Times are epoch ms. */
export function initiateRun(call: { requestId: string; deadline: number; endsAt: number }) {
  return { me: call.requestId, deadline: call.deadline, leaseUntil: call.endsAt + LEASE_MARGIN_MS };
}
