import type { Stop } from "./pause.ts";
import type { Instant } from "./time.ts";
import type { Calls, Totals } from "./totals.ts";

/** How many wait, and since when the oldest does. */
export type Waiting = { count: number; since: Instant | undefined };

/** Totals of a day; undefined if they cannot be read. */
export type DayTotals = { day: string; sums: (Totals & Calls) | undefined };

/** What a person who answers for the service asks first. */
export type Overview = {
  at: Instant;
  attention: Waiting & { codes: Readonly<Record<string, number>> };
  undecided: Waiting;
  review: Waiting;
  unacknowledged: Waiting;
  overdue: Waiting;
  /** Whether every payment that waits was read. */
  isWhole: boolean;
  unreadable: number;
  chapa: { chapa: "ok" | "error" | "unknown"; chapaError?: string | undefined };
  isListingBehind: boolean;
  /** Until when payers get no message, because the service refuses us. */
  refusedUntil: Instant | undefined;
  stop: Stop;
  /** The days of this month, the last one is today. */
  days: DayTotals[];
};
