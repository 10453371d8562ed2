import type { Instant } from "./time.ts";

/** Something in which Chapa's list and our payments differ, in the words of its log record. */
export type Finding = { reason: string } & Readonly<Record<string, string | number>>;

/** What a comparison that came to its end found. `found` counts also those that are not in `findings`. */
export type Comparison = {
  day: string;
  startedAt: Instant;
  endedAt: Instant;
  /** Whether Chapa's list was read to its end. */
  isDone: boolean;
  findings: readonly Finding[];
  found: number;
};
