import { createAuthenticate } from "../lib/composition/authenticate.ts";
import { createPolicy } from "../lib/composition/policy.ts";
import { createAuthSecret } from "../lib/composition/secrets.ts";
import { PaymentList } from "../lib/contract/api.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { isPrivileged } from "../lib/domain/principal.ts";
import { listPayments, spanOf } from "../lib/flows/list-payments.ts";
import { cursors } from "../lib/http/cursor.ts";
import { authenticatedEndpoint, json } from "../lib/http/endpoint.ts";
import { ListFilter, listedUser, nextLink, requireOperatorFilter, warningAbout } from "../lib/http/list-request.ts";
import { parseRequest } from "../lib/http/parse.ts";
import { toListed } from "../lib/http/payment-response.ts";
import { queryOf } from "../lib/http/query.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { prime } from "../lib/runtime/prime.ts";
import { documentClient } from "../lib/table/client.ts";
import { dayBuckets, FLAG_SHARDS } from "../lib/table/keys.ts";
import { PaymentTable } from "../lib/table/payments.ts";

const env = readEnv(FUNCTIONS["list-payments"].env);
const ports = {
  payments: new PaymentTable(documentClient(), env.TABLE_NAME, env.TX_STAGE),
  bucketsOf: dayBuckets,
  flagShards: FLAG_SHARDS,
};
const policy = createPolicy(env);
const auth = createAuthSecret(env);
const authenticate = createAuthenticate(env, auth);

await prime(() => auth.get());

export const handler = authenticatedEndpoint(authenticate, "nothing", async ({ principal, event }) => {
  const { limit, cursor, ...filter } = parseRequest("query", ListFilter, queryOf(event));
  const { from, to, status, state, attention, property_id: propertyId } = filter;
  requireOperatorFilter(principal, attention);
  const userId = listedUser(principal, filter.user_id);
  const named = [userId, status, from, to, state, attention, propertyId].map((value) => value ?? null);
  const cursorsOfThis = cursors((await auth.get()).cursor_key, named);
  const after = cursor === undefined ? undefined : cursorsOfThis.read(cursor);
  const isOfOne = (userId ?? attention ?? propertyId) !== undefined;
  const span = spanOf(from, to, systemClock.now(), isOfOne);
  const command = { userId, propertyId, status, state, attention, span, limit, after };
  const { payments, unreadable, next } = await listPayments(ports, command);
  const next_cursor = next ? cursorsOfThis.write(next) : null;
  const data = payments.map((payment) => toListed(payment, policy, isPrivileged(principal)));
  const body = { data, has_more: next_cursor !== null, next_cursor, ...warningAbout(unreadable) };
  return json(200, PaymentList, body, next_cursor === null ? {} : { link: nextLink(event, next_cursor) });
});
