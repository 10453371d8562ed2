/** A moment: milliseconds since the epoch, UTC. Callers pass it in; the domain reads no clock. */
export type Instant = number;

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

// Ethiopia keeps UTC+3 all year.
const ADDIS_ABABA_OFFSET_MS = 3 * HOUR_MS;

const UNITS_MS = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS } as const;

/** Returns the calendar day in Addis Ababa at `at`, as `YYYY-MM-DD`. Totals use it because accountants there do. */
export function addisAbabaDay(at: Instant): string {
  return new Date(at + ADDIS_ABABA_OFFSET_MS).toISOString().slice(0, 10);
}

/** Returns the first and the last moment of a day (`YYYY-MM-DD`) in Addis Ababa. */
export function spanOfDay(day: string): { from: Instant; to: Instant } {
  const from = Date.parse(`${day}T00:00:00Z`) - ADDIS_ABABA_OFFSET_MS;
  return { from, to: from + DAY_MS - 1 };
}

/**
 * Reads a length of time such as `90s`, `20m`, `6h`, `1d`.
 * @returns milliseconds, or undefined if the text has another form
 */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,6})([smhd])$/.exec(text.trim());
  if (!match) return undefined;
  const [, count, unit] = match;
  return Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS];
}

/**
 * Reads a ladder such as `2m,5m,10m,20m,65m,6h,1d`.
 * @returns ages in milliseconds, or undefined unless all parts are lengths of time in ascending order
 */
export function parseLadder(text: string): number[] | undefined {
  const ages = text.split(",").map(parseDuration);
  const growing = ages.every((age, index) => age !== undefined && age > (ages[index - 1] ?? 0));
  return growing ? (ages as number[]) : undefined;
}

/** Returns `value`, limited to the range from `low` to `high`. */
export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
