import type { PauseResponse } from "../contract/actions.ts";
import type { Stop } from "../domain/pause.ts";
import type { Instant } from "../domain/time.ts";
import { InputInvalid } from "./errors.ts";
import { isoOrNull } from "./iso.ts";

export function toPause({ closed, facts }: Stop): PauseResponse {
  const paused = closed === "paused" ? facts?.paused : undefined;
  const resumed = facts?.resumed;
  return {
    stopped: closed ?? null,
    reason: paused?.reason ?? null,
    by: paused?.by ?? null,
    since: isoOrNull(paused?.at),
    until: isoOrNull(paused?.until),
    resumed: resumed ? { by: resumed.by, reason: resumed.reason, at: new Date(resumed.at).toISOString() } : null,
  };
}

/** @throws InputInvalid if the moment is over: nothing would be paused */
export function endOf(until: string | undefined, now: Instant): Instant | undefined {
  const end = until === undefined ? undefined : Date.parse(until);
  if (end === undefined || end > now) return end;
  throw new InputInvalid([{ pointer: "/until", loc: ["body", "until"], msg: "is over", type: "until_over" }]);
}
