import * as z from "zod";
import { PaymentResponse, UuidText } from "../lib/contract/api.ts";
import { readEnv } from "../lib/contract/env.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { Forbidden, PaymentNotFound } from "../lib/domain/errors.ts";
import { refOfPaymentId, Uuid } from "../lib/domain/ids.ts";
import { mayRead } from "../lib/domain/principal.ts";
import { countCalls } from "../lib/flows/count-calls.ts";
import { endpoint, json } from "../lib/http/endpoint.ts";
import { toStatusResponse } from "../lib/http/payment-response.ts";
import { parsed } from "../lib/http/problem.ts";
import { systemClock } from "../lib/runtime/clock.ts";
import { log } from "../lib/runtime/logger.ts";
import { Tally } from "../lib/runtime/tally.ts";
import { documentClient } from "../lib/table/client.ts";
import { PaymentTable } from "../lib/table/payments.ts";
import { TotalsTable } from "../lib/table/totals.ts";
import { authSecretOf, doorOf } from "../lib/wiring/parts.ts";

const Path = z.object({ payment_id: UuidText.pipe(Uuid) });
const env = readEnv(FUNCTIONS["get-payment-status"].env);
const client = documentClient();
const payments = new PaymentTable(client, env.TABLE_NAME);
const calls = { totals: new TotalsTable(client, env.TABLE_NAME), clock: systemClock, log };
const reads = new Tally((status_calls) => countCalls(calls, { status_calls }), systemClock);
const authenticate = doorOf(env, authSecretOf(env));

export const handler = endpoint("nothing", async ({ event }) => {
  const principal = await authenticate(event);
  await reads.add();
  const { payment_id } = parsed("path", Path, event.pathParameters);
  const ref = refOfPaymentId(payment_id);
  const payment = ref && (await payments.find(ref));
  if (!payment) throw new PaymentNotFound();
  if (!mayRead(principal, payment.userId)) throw new Forbidden("Not authorized to view this payment status");
  return json(200, PaymentResponse, toStatusResponse(payment));
});
