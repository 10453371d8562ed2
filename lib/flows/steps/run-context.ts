import type { TransitionContext } from "../../domain/transitions.ts";
import type { Policy } from "../../domain/verification-schedule.ts";
import type { Clock } from "../../runtime/clock.ts";

/**
 * Gives the context of each transition that one invocation makes. Its moments never go back, so what was due when the
 * invocation decided stays due when it writes, also where the machine's clock is set back meanwhile.
 * @param by who makes the transitions, as history names them
 */
export function runContext(ports: { clock: Pick<Clock, "now">; policy: Policy }, by: string): () => TransitionContext {
  let now = Number.NEGATIVE_INFINITY;
  return () => {
    now = Math.max(now, ports.clock.now());
    return { now, by, policy: ports.policy };
  };
}
