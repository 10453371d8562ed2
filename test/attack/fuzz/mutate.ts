import { seeded } from "../../support/seeded-random.ts";

/** Random choices that depend only on the seed. */
export class Random {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = seeded(seed);
  }

  /** A whole number below `limit`. */
  below(limit: number): number {
    return (this.#next() * 2 ** 32) % limit;
  }

  of<One>(many: readonly One[]): One {
    const one = many[this.below(many.length)];
    if (one === undefined) throw new RangeError("nothing to choose from");
    return one;
  }
}

const LONGEST_BYTES = 64 * 1024;
// Most mistakes show in short inputs, and these run much faster.
const USUAL_BYTES = 1_024;
const MOST_CHANGES = 6;
const MOST_SHRINKS = 5_000;

type Change = (input: Buffer, random: Random, words: readonly Buffer[], others: readonly Buffer[]) => Buffer;

const at = (input: Buffer, random: Random) => random.below(input.length + 1);
const spliced = (input: Buffer, from: number, to: number, piece: Uint8Array) =>
  Buffer.concat([input.subarray(0, from), piece, input.subarray(to)]);
function stretch(input: Buffer, random: Random, longest = 32): [from: number, to: number] {
  const from = at(input, random);
  return [from, Math.min(input.length, from + random.below(longest) + 1)];
}

const CHANGES: readonly Change[] = [
  (input, random) => {
    const changed = Buffer.from(input);
    const where = random.below(Math.max(1, changed.length));
    changed[where] = (changed[where] ?? 0) ^ (1 << random.below(8));
    return changed;
  },
  (input, random) => {
    const changed = Buffer.from(input);
    changed[random.below(Math.max(1, changed.length))] = random.below(256);
    return changed;
  },
  (input, random) => {
    const where = at(input, random);
    return spliced(input, where, where, Buffer.from([random.below(256)]));
  },
  (input, random) => spliced(input, ...stretch(input, random), Buffer.alloc(0)),
  (input, random) => {
    const [from, to] = stretch(input, random);
    return spliced(input, to, to, input.subarray(from, to));
  },
  (input, random, words) => {
    const where = at(input, random);
    return spliced(input, where, where, random.of(words));
  },
  (input, random, words) => {
    const word = random.of(words);
    const where = at(input, random);
    return spliced(input, where, where + word.length, word);
  },
  (input, random, words) => spliced(input, ...stretch(input, random), random.of(words)),
  (input, random, _words, others) => {
    const other = random.of(others);
    return Buffer.concat([input.subarray(0, at(input, random)), other.subarray(at(other, random))]);
  },
  (input, random) => {
    if (random.below(50) > 0) return input;
    const [from, to] = stretch(input, random, 8);
    const times = Math.min(random.below(20_000), Math.floor(LONGEST_BYTES / Math.max(1, to - from)));
    return spliced(input, to, to, Buffer.concat(Array.from({ length: times }, () => input.subarray(from, to))));
  },
];

/** An input made from another one by a few small changes, at most 64 KiB long. */
export function mutated(input: Buffer, random: Random, words: readonly Buffer[], others: readonly Buffer[]): Buffer {
  let changed = input.length > USUAL_BYTES && random.below(4) > 0 ? input.subarray(0, USUAL_BYTES) : input;
  for (let left = random.below(MOST_CHANGES) + 1; left > 0; left--) {
    changed = random.of(CHANGES)(changed, random, words, others);
  }
  return changed.length > LONGEST_BYTES ? changed.subarray(0, LONGEST_BYTES) : changed;
}

/** Makes `input` smaller while `stillFails` holds, with a bounded number of tries. */
export async function shrunk(input: Buffer, stillFails: (smaller: Buffer) => Promise<boolean>): Promise<Buffer> {
  let smallest = input;
  let tries = MOST_SHRINKS;
  for (let size = Math.ceil(input.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < smallest.length && tries > 0; tries--) {
      const smaller = spliced(smallest, from, Math.min(smallest.length, from + size), Buffer.alloc(0));
      if (await stillFails(smaller)) smallest = smaller;
      else from += size;
    }
  }
  return smallest;
}
