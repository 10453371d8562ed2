import { type Clock, systemClock } from "../runtime/clock.ts";
import { type Log, log } from "../runtime/logger.ts";
import { type Count, count } from "../runtime/metrics.ts";

/** What tables need besides their client. Tests pass their own, so that they neither wait nor depend on chance. */
export type TablePorts = {
  clock: Pick<Clock, "sleep">;
  /** Returns a number from 0 to below 1. */
  random: () => number;
  log: Pick<Log, "warn" | "error">;
  count: Count;
};

export const SYSTEM_PORTS: TablePorts = { clock: systemClock, random: () => Math.random(), log, count };
