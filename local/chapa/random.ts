import { createHash } from "node:crypto";

/**
 * Repeatable random values. A value depends only on the seed, its label and how often that label was used before. So one
 * transaction does not change the references of another.
 */
export class Random {
  readonly #seed: number;
  readonly #drawn = new Map<string, number>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** In [0, 1). */
  number(label: string): number {
    return this.#bytes(label).readUInt32BE(0) / 2 ** 32;
  }

  /** One of `values`, all with the same probability. */
  pick<T>(label: string, values: readonly T[]): T {
    return at(values, Math.floor(this.number(label) * values.length));
  }

  /** The values in order, then from the start again. */
  turn<T>(label: string, values: readonly T[]): T {
    return at(values, this.#count(label) % values.length);
  }

  /** `length` characters of `alphabet`, at most 64. */
  text(label: string, length: number, alphabet: string): string {
    const bytes = Buffer.concat([this.#bytes(label), this.#bytes(label)]);
    return Array.from({ length }, (_, index) => alphabet[bytes.readUInt8(index) % alphabet.length]).join("");
  }

  /** The same elements in another order. */
  shuffle<T>(label: string, values: readonly T[]): T[] {
    const drawn = values.map((value) => ({ value, order: this.number(label) }));
    return drawn.sort((a, b) => a.order - b.order).map(({ value }) => value);
  }

  #bytes(label: string): Buffer {
    return createHash("sha256")
      .update(`${this.#seed}:${label}:${this.#count(label)}`)
      .digest();
  }

  #count(label: string): number {
    const count = this.#drawn.get(label) ?? 0;
    this.#drawn.set(label, count + 1);
    return count;
  }
}

function at<T>(values: readonly T[], index: number): T {
  const value = values[index];
  if (value === undefined) throw new RangeError("nothing to draw from");
  return value;
}
