import * as z from "zod";
import { aroundPages } from "../lib/composition/pages.ts";
import { createAuthSecret } from "../lib/composition/secrets.ts";
import { UuidText } from "../lib/contract/api.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { refOfPaymentId, Uuid } from "../lib/domain/ids.ts";
import { confirmedMoney } from "../lib/domain/payment.ts";
import { endpoint, header } from "../lib/http/endpoint.ts";
import { pageLanguage } from "../lib/http/pages/frame.ts";
import { noReceiptPage, receiptPage } from "../lib/http/pages/receipt-page.ts";
import { parseRequest } from "../lib/http/parse.ts";
import { queryOf } from "../lib/http/query.ts";
import { checkReceiptLink, ReceiptQuery } from "../lib/http/receipt-link.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { documentClient } from "../lib/table/client.ts";
import { PaymentTable } from "../lib/table/payments.ts";

const Path = z.object({ payment_id: UuidText.pipe(Uuid) });
const env = readEnv(FUNCTIONS["payment-receipt"].env);
const auth = createAuthSecret(env);
const payments = new PaymentTable(documentClient(), env.TABLE_NAME, env.TX_STAGE);
const around = aroundPages(env);

export const handler = endpoint("nothing", async ({ event }) => {
  const { payment_id } = parseRequest("path", Path, event.pathParameters);
  const query = parseRequest("query", ReceiptQuery, queryOf(event));
  const view = { language: pageLanguage(query.lang, header(event, "accept-language")), around };
  const { namespace } = await auth.get();
  const link = checkReceiptLink(payment_id, query, namespace, systemClock.now());
  if (link !== "valid") return noReceiptPage(link === "over" ? 410 : 404, view);
  const ref = refOfPaymentId(payment_id);
  const payment = ref && (await payments.find(ref));
  const confirmed = payment && confirmedMoney(payment);
  return confirmed ? receiptPage(payment, confirmed, view) : noReceiptPage(404, view);
});
