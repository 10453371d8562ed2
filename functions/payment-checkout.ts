import { randomUUID } from "node:crypto";
import * as z from "zod";
import { createChapa } from "../lib/composition/chapa.ts";
import { createContacts } from "../lib/composition/contacts.ts";
import { createLimiter } from "../lib/composition/limiter.ts";
import { createPolicy } from "../lib/composition/policy.ts";
import { createAuthSecret, createGatewaySecret } from "../lib/composition/secrets.ts";
import { createUserDirectory } from "../lib/composition/user-directory.ts";
import { UuidText } from "../lib/contract/api.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { PaymentError } from "../lib/domain/errors.ts";
import { paymentIdOf, refOfPaymentId, Uuid } from "../lib/domain/ids.ts";
import { linkTarget } from "../lib/domain/lasting-link.ts";
import { lastOfFee, pressAgain } from "../lib/flows/press-again.ts";
import { endpoint, header, seeOther } from "../lib/http/endpoint.ts";
import { checkoutLinkPage, notNowPage, unknownLinkPage } from "../lib/http/pages/checkout-link-page.ts";
import { pageLanguage } from "../lib/http/pages/frame.ts";
import { parseRequest } from "../lib/http/parse.ts";
import { problemFor } from "../lib/http/problem.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { log } from "../lib/runtime/logger.ts";
import { count } from "../lib/runtime/metrics.ts";
import { documentClient } from "../lib/table/client.ts";
import { PaymentTable } from "../lib/table/payments.ts";
import { RequestTable } from "../lib/table/requests.ts";
import { TableIdentity } from "../lib/table/table-identity.ts";

const Path = z.object({ payment_id: UuidText.pipe(Uuid) });
const Query = z.object({ lang: z.string().optional() });
const PRESSES_PER_HOUR = 5;
const LEASE_MARGIN_MS = 2_000;

const env = readEnv(FUNCTIONS["payment-checkout"].env);
const client = documentClient();
const gateway = createGatewaySecret(env);
const auth = createAuthSecret(env);
const limiter = createLimiter({ name: "links", limit: PRESSES_PER_HOUR, windowSeconds: 3_600 }, auth);
const ports = {
  payments: new PaymentTable(client, env.TABLE_NAME, env.TX_STAGE),
  requests: new RequestTable(client, env.TABLE_NAME),
  contacts: createContacts(env, client, gateway),
  chapa: createChapa(env, gateway),
  customers: createUserDirectory(env, gateway),
  limiter,
  presses: limiter,
  namespace: async () => (await auth.get()).namespace,
  priceBook: env.PRICE_BOOK,
  policy: createPolicy(env),
  identity: new TableIdentity(client, env.TABLE_NAME, systemClock),
  baseUrl: env.BASE_URL,
  txStage: env.TX_STAGE,
  newId: randomUUID,
  clock: systemClock,
  log,
  count,
};

export const handler = endpoint("nothing", async ({ event, requestId, deadline, endsAt }) => {
  const ref = refOfPaymentId(parseRequest("path", Path, event.pathParameters).payment_id);
  const { lang } = parseRequest("query", Query, event.queryStringParameters ?? {});
  const language = pageLanguage(lang, header(event, "accept-language"));
  const view = { language, checkoutOrigins: env.CHECKOUT_ORIGINS };
  const found = ref && (await lastOfFee(ports, ref));
  if (!found) return unknownLinkPage(language);
  try {
    const isPress = event.requestContext.http.method === "POST";
    const run = { me: requestId, deadline, leaseUntil: endsAt + LEASE_MARGIN_MS };
    const payment = isPress ? await pressAgain(ports, found, run) : found;
    const target = linkTarget(payment, systemClock.now(), ports.policy);
    if (target.kind === "open") return seeOther(target.checkoutUrl);
    // Chapa has just said that a try on the stored page is under way.
    if (isPress && target.kind === "payable" && payment.checkoutUrl) return seeOther(payment.checkoutUrl);
    return checkoutLinkPage(payment, target.kind, view);
  } catch (error) {
    if (!(error instanceof PaymentError)) throw error;
    log.warn("initiate_refused", { payment_id: paymentIdOf(ref), reason: error.code });
    return notNowPage(language, problemFor(error, requestId));
  }
});
