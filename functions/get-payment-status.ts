import * as z from "zod";
import { PaymentResponse, UuidText } from "../lib/contract/api.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { Forbidden, PaymentNotFound } from "../lib/domain/errors.ts";
import { refOfPaymentId, Uuid } from "../lib/domain/ids.ts";
import { mayRead } from "../lib/domain/principal.ts";
import { endpoint, json } from "../lib/http/endpoint.ts";
import { toStatusResponse } from "../lib/http/payment-response.ts";
import { parsed } from "../lib/http/problem.ts";
import { documentClient } from "../lib/table/client.ts";
import { PaymentTable } from "../lib/table/payments.ts";
import { authSecretOf, doorOf } from "../lib/wiring/parts.ts";

const Path = z.object({ payment_id: UuidText.pipe(Uuid) });
const env = readEnv(FUNCTIONS["get-payment-status"].env);
const payments = new PaymentTable(documentClient(), env.TABLE_NAME);
const authenticate = doorOf(env, authSecretOf(env));

export const handler = endpoint("nothing", async ({ event }) => {
  const principal = await authenticate(event);
  const { payment_id } = parsed("path", Path, event.pathParameters);
  const ref = refOfPaymentId(payment_id);
  const payment = ref && (await payments.find(ref));
  if (!payment) throw new PaymentNotFound();
  if (!mayRead(principal, payment.userId)) throw new Forbidden("Not authorized to view this payment status");
  return json(200, PaymentResponse, toStatusResponse(payment));
});
