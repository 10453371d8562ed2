import * as z from "zod";
import { CURRENCIES } from "./vocabulary.ts";

/**
 * An amount in minor units: 1 ETB = 100 santim. Never a float, never negative. The limit is far above any amount that a
 * gateway may report, because captures are summed; the price book limits what we charge.
 */
export const Santim = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).brand<"Santim">();
export type Santim = z.infer<typeof Santim>;

export const Currency = z.enum(CURRENCIES);

/**
 * Reads a decimal amount exactly: `500`, `500.5`, `00500.50`, `500.000`.
 * @returns santim, or undefined for signs, exponents, separators, or a fraction finer than a santim
 */
export function parseBirr(text: string): Santim | undefined {
  const match = /^(\d{1,10})(?:\.(\d{1,30}))?$/.exec(text);
  if (!match) return undefined;
  const [, whole = "", fraction = ""] = match;
  if (!/^0*$/.test(fraction.slice(2))) return undefined;
  return Santim.parse(Number(whole) * 100 + Number(fraction.slice(0, 2).padEnd(2, "0")));
}

/** Returns the amount as Chapa writes it, in birr with two decimal places: `500.00`. */
export function toBirr(amount: Santim): string {
  return `${Math.floor(amount / 100)}.${String(amount % 100).padStart(2, "0")}`;
}

export function sum(amounts: readonly Santim[]): Santim {
  return Santim.parse(amounts.reduce((total, amount) => total + amount, 0));
}
