export const CURRENCIES = ["ETB", "USD"] as const;
export type Currency = (typeof CURRENCIES)[number];

const FEE_PERCENT = 3;

/** Whether Chapa accepts the text as a number: decimals, leading zeros and exponents, but no separators. */
export function isNumeric(text: string): boolean {
  return /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?\s*$/i.test(text);
}

/** Converts a numeric text in birr to santim (1/100 birr), rounded. */
export function toSantim(text: string): number {
  return Math.round(Number(text) * 100);
}

/** `50000` → `"500.00"`. */
export function toText(santim: number): string {
  return (santim / 100).toFixed(2);
}

/** Chapa's fee for a payment, in santim. Half a santim is rounded up. */
export function feeOf(santim: number): number {
  return Math.floor((santim * FEE_PERCENT + 50) / 100);
}

/** `2026-01-31T08:00:00.000000Z`: Chapa writes six decimals but has a resolution of one second. */
export function toTime(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}.000000Z`;
}
