import * as z from "zod";
import type { HttpResponse } from "../runtime/call.ts";
import { mentions, parseEnvelope } from "./wire.ts";

/**
 * The result of asking for a refund. Only `refused` says that nothing was sent back; `above`: Chapa says that it is more
 * than it may send, which is definite only while no other refund of the same money may be under way.
 */
export type RefundAsked =
  | { kind: "accepted"; chapaRef: string | undefined }
  | { kind: "refused"; reason: string }
  | { kind: "above"; reason: string }
  | { kind: "unclear" };

/** What Chapa says of a refund. `unclear` says nothing. */
export type RefundStatus = { kind: "settled" | "reversed" | "open" | "unclear"; chapaRef?: string | undefined };

// Both shapes that were seen: one names the refund `ref_id`, the other `ref`, and either may leave it out.
const text = z.string().max(128).nullish().catch(undefined);
const RefundData = z.object({ status: text, ref_id: text, ref: text, payment_reference: text, chapa_reference: text });

const ABOVE = "Chapa sends no more back than it received";
const ONLY_LIVE = "Chapa refunds only payments in live mode";
const NO_BALANCE = "the balance at Chapa is too low";

/** Classifies the answer to a request for a refund. A text that says nothing definite is neither success nor failure. */
export function classifyRefund({ status, text: body }: HttpResponse): RefundAsked {
  const envelope = parseEnvelope(body);
  if (!envelope) return { kind: "unclear" };
  const { message } = envelope;
  if (status === 200 || status === 201) {
    const data = RefundData.safeParse(envelope.data).data;
    if (!data?.status || envelope.status === "failed") return { kind: "unclear" };
    return { kind: "accepted", chapaRef: data.ref_id ?? data.ref ?? undefined };
  }
  if (status !== 400 && status !== 422) return { kind: "unclear" };
  if (mentions(message, "only be processed in live mode")) return { kind: "refused", reason: ONLY_LIVE };
  if (mentions(message, "insufficient balance")) return { kind: "refused", reason: NO_BALANCE };
  if (mentions(message, "cannot exceed")) return { kind: "above", reason: ABOVE };
  return { kind: "unclear" };
}

/**
 * Classifies the answer to a refund's verify. A refund's own `reversed` means that it came to nothing.
 * @param capture the money that was sent back; an answer about other money says nothing
 */
export function classifyRefundStatus({ status, text: body }: HttpResponse, capture: string): RefundStatus {
  const data = status === 200 ? RefundData.safeParse(parseEnvelope(body)?.data).data : undefined;
  const about = data?.payment_reference ?? data?.chapa_reference ?? capture;
  if (about !== capture) return { kind: "unclear" };
  const chapaRef = data?.ref_id ?? data?.ref ?? undefined;
  switch (data?.status?.toLowerCase()) {
    case "refunded":
      return { kind: "settled", chapaRef };
    case "reversed":
      return { kind: "reversed", chapaRef };
    case "initiated":
    case "refund initiated":
    case "processing":
      return { kind: "open", chapaRef };
    default:
      return { kind: "unclear" };
  }
}
