import type { ComparisonResponse } from "../contract/reports.ts";
import type { Comparison } from "../domain/comparison.ts";
import { isoOrNull } from "./iso.ts";

/** Returns what the last comparison found; there is none before the first one has ended. */
export function toComparison(last: Comparison | undefined): ComparisonResponse {
  if (!last) return { state: "none", day: null, started_at: null, ended_at: null, found: 0, findings: [] };
  return {
    state: last.isDone ? "complete" : "incomplete",
    day: last.day,
    started_at: isoOrNull(last.startedAt),
    ended_at: isoOrNull(last.endedAt),
    found: last.found,
    findings: last.findings.map(({ reason, ...fields }) => ({
      reason,
      payment_id: textOf(fields["payment_id"]),
      chapa_tx_ref: textOf(fields["tx_ref"]),
      reference: textOf(fields["reference"] ?? fields["references"]),
      amount: typeof fields["amount"] === "number" ? fields["amount"] / 100 : null,
    })),
  };
}

function textOf(value: string | number | undefined): string | null {
  return value === undefined ? null : String(value);
}
