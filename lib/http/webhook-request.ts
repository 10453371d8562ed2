import type { APIGatewayProxyEventV2 } from "aws-lambda";
import * as z from "zod";
import type { ResolveMessage } from "../contract/queues.ts";
import { parseJson } from "../runtime/json.ts";
import { WebhookInvalid } from "./errors.ts";
import { queryOf } from "./query.ts";
import { withoutByteOrderMark } from "./raw-body.ts";

// Our references are shorter. Other texts come from payouts or tests, which do not concern us.
const reference = z.string().min(1).max(64).optional().catch(undefined);
const Notice = z.object({
  tx_ref: reference,
  trx_ref: reference,
  reference,
  event: reference,
  amount: z.union([reference, z.number().transform(String)]).catch(undefined),
});

/** What a signed body says of one of our references. `reference` is Chapa's own, `amount` is in birr. */
export type SignedNotice = Pick<ResolveMessage, "tx_ref" | "reference" | "event" | "amount">;

/**
 * Returns what a signed body says; undefined if it names no reference of ours, as a payout or a test does.
 * @throws WebhookInvalid if it is neither a JSON object nor a form
 */
export function signedNotice(raw: Buffer): SignedNotice | undefined {
  const notice = noticeIn(raw);
  if (!notice) throw new WebhookInvalid("Invalid JSON payload");
  const { tx_ref, trx_ref, ...said } = notice;
  const named = tx_ref ?? trx_ref;
  return named === undefined ? undefined : { tx_ref: named, ...said };
}

/** Returns the reference that an unsigned call names in its query or body, under either name; undefined if it names none. */
export function unsignedReference(event: APIGatewayProxyEventV2, raw: Buffer): string | undefined {
  const { trx_ref, tx_ref } = queryOf(event);
  const notice = noticeIn(raw);
  return [trx_ref, tx_ref, notice?.trx_ref, notice?.tx_ref].find(Boolean);
}

/** Returns the fields of a webhook's body, JSON or a form; undefined if it is neither. */
function noticeIn(raw: Buffer): z.output<typeof Notice> | undefined {
  const text = withoutByteOrderMark(raw).toString("utf8");
  const json = parseJson(text);
  if (json !== undefined) return Notice.safeParse(json).data;
  const form = Notice.parse(Object.fromEntries(new URLSearchParams(text)));
  return Object.values(form).some(Boolean) ? form : undefined;
}

/** Whether the caller is a browser, not a server. */
export function isBrowser(event: APIGatewayProxyEventV2): boolean {
  return event.headers["accept"]?.includes("text/html") ?? false;
}
