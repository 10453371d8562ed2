/** A moment: milliseconds since the epoch, UTC. Handed in by the caller; nothing here asks a clock. */
export type Instant = number;

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

// Ethiopia keeps UTC+3 all year.
const ADDIS_ABABA_OFFSET_MS = 3 * HOUR_MS;

const UNITS_MS = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS } as const;

/** The calendar day in Addis Ababa at `at`, as `YYYY-MM-DD`: the day that an accountant there would write. */
export function addisAbabaDay(at: Instant): string {
  return new Date(at + ADDIS_ABABA_OFFSET_MS).toISOString().slice(0, 10);
}

/** The first and the last moment of a day in Addis Ababa, given as `YYYY-MM-DD`. */
export function spanOfDay(day: string): { from: Instant; to: Instant } {
  const from = Date.parse(`${day}T00:00:00Z`) - ADDIS_ABABA_OFFSET_MS;
  return { from, to: from + DAY_MS - 1 };
}

/** Reads a length of time such as `90s`, `20m`, `6h`, `1d`; undefined when it is none. @returns milliseconds */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,6})([smhd])$/.exec(text.trim());
  if (!match) return undefined;
  const [, count, unit] = match;
  return Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS];
}

/** `value`, but no less than `low` and no more than `high`. */
export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
