import type * as z from "zod";
import type { ReviewRequest } from "../contract/api.ts";

type Named = z.output<typeof ReviewRequest>["captures"];

/** Returns what a decision says of each capture: it is kept, and why; or it goes back, under which refund id. */
export function endsOf(captures: Named): {
  kept: { capture: string; reason: string }[];
  returned: { capture: string; refundId: string }[];
} {
  return {
    kept: captures.flatMap(({ capture, keep }) => (keep === undefined ? [] : [{ capture, reason: keep }])),
    returned: captures.flatMap(({ capture, refund_id }) =>
      refund_id === undefined ? [] : [{ capture, refundId: refund_id }],
    ),
  };
}
