import { createAuthenticate } from "../lib/composition/authenticate.ts";
import { createAuthSecret } from "../lib/composition/secrets.ts";
import { PaymentList } from "../lib/contract/api.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { listPayments, spanOf } from "../lib/flows/list-payments.ts";
import { cursors } from "../lib/http/cursor.ts";
import { authenticatedEndpoint, json } from "../lib/http/endpoint.ts";
import { ListFilter, listedUser, nextLink, warningAbout } from "../lib/http/list-request.ts";
import { parseRequest } from "../lib/http/parse.ts";
import { toStatusResponse } from "../lib/http/payment-response.ts";
import { queryOf } from "../lib/http/query.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { prime } from "../lib/runtime/prime.ts";
import { documentClient } from "../lib/table/client.ts";
import { dayBuckets } from "../lib/table/keys.ts";
import { PaymentTable } from "../lib/table/payments.ts";

const env = readEnv(FUNCTIONS["list-payments"].env);
const ports = { payments: new PaymentTable(documentClient(), env.TABLE_NAME, env.TX_STAGE), bucketsOf: dayBuckets };
const auth = createAuthSecret(env);
const authenticate = createAuthenticate(env, auth);

await prime(() => auth.get());

export const handler = authenticatedEndpoint(authenticate, "nothing", async ({ principal, event }) => {
  const { limit, cursor, status, from, to, user_id } = parseRequest("query", ListFilter, queryOf(event));
  const userId = listedUser(principal, user_id);
  const cursorsOfThis = cursors((await auth.get()).cursor_key, [
    userId ?? null,
    status ?? null,
    from ?? null,
    to ?? null,
  ]);
  const after = cursor === undefined ? undefined : cursorsOfThis.read(cursor);
  const span = spanOf(from, to, systemClock.now(), userId !== undefined);
  const { payments, unreadable, next } = await listPayments(ports, { userId, status, span, limit, after });
  const next_cursor = next ? cursorsOfThis.write(next) : null;
  const page = { data: payments.map(toStatusResponse), has_more: next_cursor !== null, next_cursor };
  const body = { ...page, ...warningAbout(unreadable) };
  return json(200, PaymentList, body, next_cursor === null ? {} : { link: nextLink(event, next_cursor) });
});
