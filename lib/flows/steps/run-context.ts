import type { TransitionContext } from "../../domain/transitions.ts";
import type { Policy } from "../../domain/verification-schedule.ts";
import type { Clock } from "../../runtime/clock.ts";

/** One invocation: the context of a transition made now, and the deadline in epoch ms. */
export type Run = { context: () => TransitionContext; deadline: number };

/**
 * Returns the source of contexts for the transitions of one invocation. Its time never goes back, even if the machine's
 * clock does, so a transition that was due when decided is still due when written.
 * @param by who makes the transitions, as the history names them
 */
export function runContext(ports: { clock: Pick<Clock, "now">; policy: Policy }, by: string): () => TransitionContext {
  let now = Number.NEGATIVE_INFINITY;
  return () => {
    now = Math.max(now, ports.clock.now());
    return { now, by, policy: ports.policy };
  };
}
