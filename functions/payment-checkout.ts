import { randomUUID } from "node:crypto";
import * as z from "zod";
import { createInitiatePorts, initiateRun } from "../lib/composition/initiate.ts";
import { createLimiter } from "../lib/composition/limiter.ts";
import { aroundPages } from "../lib/composition/pages.ts";
import { createAuthSecret, createGatewaySecret } from "../lib/composition/secrets.ts";
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
import { queryOf } from "../lib/http/query.ts";
import { receiptLink } from "../lib/http/receipt-link.ts";
import { prime } from "../lib/runtime/prime.ts";
import { secretsClient } from "../lib/runtime/secrets.ts";

const Path = z.object({ payment_id: UuidText.pipe(Uuid) });
const Query = z.object({ lang: z.string().optional() });
const PRESSES_PER_HOUR = 5;

const env = readEnv(FUNCTIONS["payment-checkout"].env);
const secrets = secretsClient();
const auth = createAuthSecret(env, secrets);
const gateway = createGatewaySecret(env, secrets);
const around = aroundPages(env);
const limiter = createLimiter({ name: "links", limit: PRESSES_PER_HOUR, windowSeconds: 3_600 }, auth);
const ports = { ...createInitiatePorts(env, { auth, gateway }, { limiter, presses: limiter }), newId: randomUUID };

await prime(
  () => auth.get(),
  () => gateway.get(),
  () => ports.identity.prime(),
);

export const handler = endpoint("nothing", async ({ event, ...call }) => {
  const ref = refOfPaymentId(parseRequest("path", Path, event.pathParameters).payment_id);
  const { lang } = parseRequest("query", Query, queryOf(event));
  const language = pageLanguage(lang, header(event, "accept-language"));
  const found = ref && (await lastOfFee(ports, ref));
  if (!found) return unknownLinkPage(language, around);
  try {
    const isPress = event.requestContext.http.method === "POST";
    const payment = isPress ? await pressAgain(ports, found, initiateRun(call)) : found;
    const target = linkTarget(payment, ports.clock.now(), ports.policy);
    if (target.kind === "open") return seeOther(target.checkoutUrl);
    // Chapa has just said that a try on the stored page is under way.
    if (isPress && target.kind === "payable" && payment.checkoutUrl) return seeOther(payment.checkoutUrl);
    const { namespace } = await auth.get();
    const receipt = receiptLink(paymentIdOf(payment.ref), namespace, ports.clock.now());
    return checkoutLinkPage(payment, target.kind, {
      language,
      around,
      policy: ports.policy,
      checkoutOrigins: env.CHECKOUT_ORIGINS,
      receipt: `${receipt}&lang=${language}`,
    });
  } catch (error) {
    if (!(error instanceof PaymentError)) throw error;
    ports.log.warn("initiate_refused", { payment_id: paymentIdOf(ref), reason: error.code });
    return notNowPage(language, around, problemFor(error, call.requestId));
  }
});
