import type { Rules } from "./rules.ts";
import { type Bounds, GOOD_CHAPA } from "./state.ts";

/** A bounded protocol that is searched completely. `isQuick`: small enough for the gate. */
export type Configuration = { name: string; bounds: Bounds; policy?: Partial<Rules>; isQuick: boolean };

const ALONE: Bounds = {
  attempts: 3,
  initiators: 1,
  closers: 1,
  requests: 1,
  wrong: 0,
  chapa: GOOD_CHAPA,
  timed: false,
  persons: false,
  joined: true,
};
const CROWD: Bounds = { ...ALONE, initiators: 2, closers: 2, requests: 2 };
const TIMED: Bounds = { ...ALONE, attempts: 2, timed: true };

const REVIEWED = { wrong: 2 } as const;
const NEVER = { ...GOOD_CHAPA, cancels: "never" } as const;
const SOMETIMES = { ...GOOD_CHAPA, cancels: "sometimes" } as const;
const LOSSY = { ...GOOD_CHAPA, late: 1, burnt: 1 } as const;

export const CONFIGURATIONS: readonly Configuration[] = [
  { name: "3 attempts", bounds: ALONE, isQuick: true },
  { name: "3 attempts, FAILED told to nobody", bounds: ALONE, policy: { listingHearsFailed: false }, isQuick: true },
  { name: "2 attempts, wrong sums", bounds: { ...CROWD, ...REVIEWED, attempts: 2 }, isQuick: true },
  { name: "the same, no steps joined", bounds: { ...ALONE, ...REVIEWED, attempts: 2, joined: false }, isQuick: true },
  { name: "lost calls, 2 attempts", bounds: { ...ALONE, attempts: 2, initiators: 2, chapa: LOSSY }, isQuick: true },
  { name: "never cancels, people release", bounds: { ...TIMED, chapa: NEVER, persons: true }, isQuick: true },
  { name: "cancels now and then", bounds: { ...TIMED, chapa: SOMETIMES }, isQuick: true },
  { name: "always cancels, with time", bounds: TIMED, isQuick: false },
  { name: "never cancels, 3 attempts", bounds: { ...TIMED, attempts: 3, chapa: NEVER }, isQuick: false },
  { name: "now and then, people release", bounds: { ...TIMED, chapa: SOMETIMES, persons: true }, isQuick: false },
  { name: "unknown words", bounds: { ...TIMED, chapa: { ...GOOD_CHAPA, words: true } }, isQuick: false },
  { name: "unknown words, now and then", bounds: { ...TIMED, chapa: { ...SOMETIMES, words: true } }, isQuick: false },
  { name: "lost calls, 3 attempts", bounds: { ...ALONE, initiators: 2, chapa: LOSSY }, isQuick: false },
  { name: "3 attempts, wrong sums", bounds: { ...ALONE, ...REVIEWED }, isQuick: false },
  { name: "3 attempts, no steps joined", bounds: { ...ALONE, joined: false }, isQuick: false },
  { name: "2 attempts, no steps joined", bounds: { ...ALONE, attempts: 2, closers: 2, joined: false }, isQuick: false },
  { name: "4 attempts", bounds: { ...ALONE, attempts: 4 }, isQuick: false },
  { name: "3 attempts, everybody twice", bounds: CROWD, isQuick: false },
];

/** A search stops after this many states. Then it is incomplete, and the run fails. */
export const STATE_LIMIT = 8_000_000;
