import type { APIGatewayProxyEventV2 } from "aws-lambda";
import * as z from "zod";
import { RefundPath, RefundRequest } from "../contract/api.ts";
import type { RefundCommand } from "../domain/commands.ts";
import { parseBirr, type Santim } from "../domain/money.ts";
import { header } from "./endpoint.ts";
import { parseRequest } from "./parse.ts";

const Amount = RefundRequest.shape.amount.transform((value, context): Santim | undefined => {
  if (value == null) return undefined;
  const amount = parseBirr(String(value));
  if (amount !== undefined && amount > 0) return amount;
  context.issues.push({ code: "custom", message: "not an amount in birr and santim above zero", input: value });
  return z.NEVER;
});

const Body = RefundRequest.extend({ amount: Amount });
const Id = z.object({ refund_id: RefundPath.shape.refund_id });

/** Returns the refund that a request asks for. Its id is in the body or in `Idempotency-Key`. */
export function refundAsked(event: APIGatewayProxyEventV2, body: unknown): Omit<RefundCommand, "by"> {
  const { refund_id, capture, ...asked } = parseRequest("body", Body, body);
  const id = refund_id ?? header(event, "idempotency-key");
  return { ...asked, id: parseRequest("body", Id, { refund_id: id }).refund_id, capture: capture ?? undefined };
}

/** Returns the id of the refund that the path names; undefined if it names none. */
export function refundAt({ pathParameters }: APIGatewayProxyEventV2): string | undefined {
  if (pathParameters?.["refund_id"] === undefined) return undefined;
  return parseRequest("path", Id, pathParameters).refund_id;
}
