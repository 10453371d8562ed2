import type { Rules } from "./rules.ts";
import type { Bounds } from "./state.ts";

/** A protocol within bounds, to be searched completely. `isQuick`: small enough for the gate. */
export type Configuration = { name: string; bounds: Bounds; policy?: Partial<Rules>; isQuick: boolean };

const ALONE: Bounds = { attempts: 3, initiators: 1, closers: 1, requests: 1, wrong: 0, operator: false };
const CROWD: Bounds = { attempts: 3, initiators: 2, closers: 2, requests: 2, wrong: 0, operator: false };

export const CONFIGURATIONS: readonly Configuration[] = [
  { name: "3 attempts", bounds: ALONE, isQuick: true },
  { name: "3 attempts, FAILED told to nobody", bounds: ALONE, policy: { listingHearsFailed: false }, isQuick: true },
  {
    name: "2 attempts, wrong sums, operators",
    bounds: { ...CROWD, attempts: 2, wrong: 2, operator: true },
    isQuick: true,
  },
  { name: "3 attempts, wrong sums, operators", bounds: { ...ALONE, wrong: 1, operator: true }, isQuick: false },
  { name: "4 attempts", bounds: { ...ALONE, attempts: 4 }, isQuick: false },
  { name: "3 attempts, everybody twice", bounds: CROWD, isQuick: false },
];

/** A search that finds more than this has not ended: it proves nothing, and the run fails. */
export const STATE_LIMIT = 8_000_000;
