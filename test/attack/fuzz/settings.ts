import fc from "fast-check";
import { expect, vi } from "vitest";

// FUZZ_RUNS: how often each property is tried (default 100; some are tried two to five times as often).
// FUZZ_SEED: the seed of the random inputs. A failure prints its seed and the command that repeats it.
const RUNS = Number(process.env["FUZZ_RUNS"] ?? 100);
const SEED = Number(process.env["FUZZ_SEED"] ?? Date.now() % 0x7fff_ffff);
const LONGEST_TEST_MS = 3_600_000;

vi.setConfig({ testTimeout: LONGEST_TEST_MS });

type Arbitraries<Inputs extends unknown[]> = { [Index in keyof Inputs]: fc.Arbitrary<Inputs[Index]> };

/** Tries a property on inputs of every kind. */
export function holds<Inputs extends unknown[]>(
  inputs: [...Arbitraries<Inputs>],
  property: (...given: Inputs) => void | Promise<void>,
): Promise<void> {
  return holdsOften(1, inputs, property);
}

/** {@link holds} with `times` as many tries, for a fast or important property. */
export function holdsOften<Inputs extends unknown[]>(
  times: number,
  inputs: [...Arbitraries<Inputs>],
  property: (...given: Inputs) => void | Promise<void>,
): Promise<void> {
  const tried = fc.asyncProperty(fc.tuple<Inputs>(...inputs), async (given) => property(...given));
  return fc.assert(tried, {
    seed: SEED,
    numRuns: RUNS * times,
    includeErrorInReport: true,
    asyncReporter: async (details) => report(details),
  });
}

function report<Inputs>(details: fc.RunDetails<Inputs>): void {
  if (!details.failed) return;
  const { currentTestName = "", testPath = "" } = expect.getState();
  const file = testPath.slice(testPath.indexOf("test/attack"));
  const name = currentTestName.split(" > ").at(-1) ?? "";
  const again = `FUZZ_SEED=${details.seed} FUZZ_RUNS=${RUNS} npx vitest run --project unit ${file} -t ${JSON.stringify(name)}`;
  throw new Error(`${fc.defaultReportMessage(details)}\n\nAgain: ${again}`);
}
