import type { Target } from "./engine.ts";

const LARGE_BYTES = 64 * 1024;
// A shorter time does no harm, and is too short to compare.
const NOTICED_MS = 5;
const REPORTED = 3;
const UNITS = [...'a 0 9 - / . , = & % " [ { [{"a": a, a=b&'.split(" "), " ", "\t", "\\", "\u00e9", "\ufeff"];

/**
 * Finds slow large inputs, and how their time grows when the size doubles: twice is linear, four times is quadratic. Each
 * unit is repeated alone and in the middle of each seed.
 */
export async function pumped(target: Target): Promise<string[]> {
  const slow: { ms: number; line: string }[] = [];
  for (const unit of new Set([...UNITS, ...target.words])) {
    for (const seed of ["", ...target.seeds]) {
      const of = (bytes: number) => {
        const middle = Math.floor(seed.length / 2);
        const count = Math.ceil(bytes / Buffer.byteLength(unit));
        return Buffer.from(seed.slice(0, middle) + unit.repeat(count) + seed.slice(middle)).subarray(0, LARGE_BYTES);
      };
      const large = await quickest(target, of(LARGE_BYTES));
      if (large < NOTICED_MS) continue;
      const half = await quickest(target, of(LARGE_BYTES / 2));
      const growth = (large / half).toFixed(1);
      const what = `${JSON.stringify(unit)} in ${JSON.stringify(seed.slice(0, 40))}`;
      slow.push({ ms: large, line: `${large.toFixed(1)} ms for 64 KiB, ${growth} times half of it: ${what}` });
    }
  }
  const slowest = slow.sort((a, b) => b.ms - a.ms).slice(0, REPORTED);
  return slowest.map(({ line }) => line);
}

async function quickest(target: Target, input: Buffer): Promise<number> {
  let quickestMs = Number.POSITIVE_INFINITY;
  for (let again = 0; again < 3; again++) {
    const startedAt = performance.now();
    try {
      await target.run(input);
    } catch {
      // Only the time counts here. The fuzzer checks the invariants.
    }
    quickestMs = Math.min(quickestMs, performance.now() - startedAt);
  }
  return quickestMs;
}
