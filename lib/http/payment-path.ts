import type { APIGatewayProxyEventV2 } from "aws-lambda";
import * as z from "zod";
import { UuidText } from "../contract/api.ts";
import { PaymentNotFound } from "../domain/errors.ts";
import { type Ref, refOfPaymentId, Uuid } from "../domain/ids.ts";
import type { Payment } from "../domain/payment.ts";
import { mayRead, type Principal } from "../domain/principal.ts";
import { Forbidden } from "./errors.ts";
import { parseRequest } from "./parse.ts";

const Path = z.object({ payment_id: UuidText.pipe(Uuid) });

/**
 * Returns the payment that the path names.
 * @throws InputInvalid, PaymentNotFound, Forbidden
 */
export async function paymentAt(
  event: APIGatewayProxyEventV2,
  principal: Principal,
  find: (ref: Ref) => Promise<Payment | undefined>,
): Promise<Payment> {
  const ref = refOfPaymentId(parseRequest("path", Path, event.pathParameters).payment_id);
  const payment = ref && (await find(ref));
  if (!payment) throw new PaymentNotFound();
  if (!mayRead(principal, payment.userId)) throw new Forbidden("Not authorized to view this payment status");
  return payment;
}
