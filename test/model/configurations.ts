import type { Rules } from "./rules.ts";
import type { Bounds } from "./state.ts";

/** A bounded protocol that is searched completely. `isQuick`: small enough for the gate. */
export type Configuration = { name: string; bounds: Bounds; policy?: Partial<Rules>; isQuick: boolean };

const ALONE: Bounds = { attempts: 3, initiators: 1, closers: 1, requests: 1, wrong: 0, joined: true };
const CROWD: Bounds = { attempts: 3, initiators: 2, closers: 2, requests: 2, wrong: 0, joined: true };

const REVIEWED = { wrong: 2 } as const;

export const CONFIGURATIONS: readonly Configuration[] = [
  { name: "3 attempts", bounds: ALONE, isQuick: true },
  { name: "3 attempts, FAILED told to nobody", bounds: ALONE, policy: { listingHearsFailed: false }, isQuick: true },
  { name: "2 attempts, wrong sums", bounds: { ...CROWD, ...REVIEWED, attempts: 2 }, isQuick: true },
  { name: "the same, no steps joined", bounds: { ...ALONE, ...REVIEWED, attempts: 2, joined: false }, isQuick: true },
  { name: "3 attempts, wrong sums", bounds: { ...ALONE, ...REVIEWED }, isQuick: false },
  { name: "3 attempts, no steps joined", bounds: { ...ALONE, joined: false }, isQuick: false },
  { name: "2 attempts, no steps joined", bounds: { ...ALONE, attempts: 2, closers: 2, joined: false }, isQuick: false },
  { name: "4 attempts", bounds: { ...ALONE, attempts: 4 }, isQuick: false },
  { name: "3 attempts, everybody twice", bounds: CROWD, isQuick: false },
];

/** A search stops after this many states. Then it is incomplete, and the run fails. */
export const STATE_LIMIT = 8_000_000;
