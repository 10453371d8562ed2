export const CURRENCIES = ["ETB", "USD"] as const;
export type Currency = (typeof CURRENCIES)[number];

const FEE_PERCENT = 3;

/** What Chapa takes for a number: decimals, leading zeros and exponents, but no separators. */
export function isNumeric(text: string): boolean {
  return /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?\s*$/i.test(text);
}

/** Santim (1/100 birr) of a numeric text; a fraction finer than a santim is rounded. */
export function toSantim(text: string): number {
  return Math.round(Number(text) * 100);
}

/** `50000` → `"500.00"`. */
export function toText(santim: number): string {
  return (santim / 100).toFixed(2);
}

/** What Chapa keeps of a payment, in santim, half a santim rounded up. */
export function feeOf(santim: number): number {
  return Math.floor((santim * FEE_PERCENT + 50) / 100);
}

/** `2026-01-31T08:00:00.000000Z`: Chapa's times carry six places and end at the second. */
export function toTime(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}.000000Z`;
}
