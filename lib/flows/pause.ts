import { DependencyUnavailable, PauseImpossible } from "../domain/errors.ts";
import type { Stop, TableFacts } from "../domain/pause.ts";
import type { Instant } from "../domain/time.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/logger.ts";
import type { TableIdentity } from "../table/table-identity.ts";

export type PausePorts = {
  identity: Pick<TableIdentity, "read" | "replace">;
  namespace: () => Promise<string>;
  clock: Pick<Clock, "now">;
  log: Log;
};

// Each lost write is another person's. More of them than this at once would be a defect.
const ROUNDS = 5;

/**
 * Stops new payments and refunds, until a moment or until a person resumes them. A pause replaces the one before.
 * @throws PauseImpossible if another reason than a pause stops them already
 */
export function pause(
  ports: PausePorts,
  { reason, until, by }: { reason: string; until: Instant | undefined; by: string },
): Promise<Stop> {
  return change(ports, "payments_paused", by, ({ closed, facts }) => {
    if (closed !== undefined && closed !== "paused") throw new PauseImpossible(closed);
    const paused = { by, reason, at: ports.clock.now(), ...(until === undefined ? {} : { until }) };
    return { ...facts, paused };
  });
}

/**
 * Lets payments and refunds go on. A table that holds the rows of another one needs `isRestored`: a person says that they
 * have compared it with Chapa.
 * @throws PauseImpossible if only another repair than this can let them go on
 */
export function resume(
  ports: PausePorts,
  { reason, isRestored, by }: { reason: string; isRestored: boolean; by: string },
): Promise<Stop> {
  return change(ports, "payments_resumed", by, ({ closed, facts }) => {
    if (closed === undefined) return undefined;
    if (!facts || (closed !== "paused" && !(closed === "other_table" && isRestored))) {
      throw new PauseImpossible(closed);
    }
    return { ...facts, paused: undefined, resumed: { by, reason, at: ports.clock.now() } };
  });
}

/** @param step returns what the row becomes; undefined if it stays */
async function change(
  { identity, namespace, log }: PausePorts,
  message: "payments_paused" | "payments_resumed",
  by: string,
  step: (stop: Stop) => Pick<TableFacts, "paused" | "resumed"> | undefined,
): Promise<Stop> {
  const name = await namespace();
  for (let round = 0; round < ROUNDS; round++) {
    const stop = await identity.read(name);
    const to = step(stop);
    if (!to) return stop;
    if (!(await identity.replace(stop.facts, to, name))) continue;
    log.info(message, { by });
    return identity.read(name);
  }
  throw new DependencyUnavailable("The table");
}
