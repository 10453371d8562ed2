import fc from "fast-check";
import { expect, vi } from "vitest";

// FUZZ_RUNS: how often each property is tried (default 100; those that cost more are tried less, in proportion).
// FUZZ_SEED: where the random inputs begin; a failure prints the one it had, and the command that replays it.
const RUNS = Number(process.env["FUZZ_RUNS"] ?? 100);
const SEED = Number(process.env["FUZZ_SEED"] ?? Date.now() % 0x7fff_ffff);
const LONGEST_TEST_MS = 3_600_000;

vi.setConfig({ testTimeout: LONGEST_TEST_MS });

/** Tries a property on inputs of every kind. @param share of the usual number of tries, for one that is slow or quick */
export function holds<Inputs>(property: fc.IProperty<Inputs>, share = 1): void {
  fc.assert(property, { ...parameters(share), reporter: (details) => report(details) });
}

/** {@link holds} for what answers later. */
export function holdsLater<Inputs>(property: fc.IAsyncProperty<Inputs>, share = 1): Promise<void> {
  return fc.assert(property, { ...parameters(share), asyncReporter: async (details) => report(details) });
}

function parameters(share: number) {
  return { seed: SEED, numRuns: Math.max(1, Math.ceil(RUNS * share)), includeErrorInReport: true };
}

function report<Inputs>(details: fc.RunDetails<Inputs>): void {
  if (!details.failed) return;
  const { currentTestName = "", testPath = "" } = expect.getState();
  const file = testPath.slice(testPath.indexOf("test/attack"));
  const name = currentTestName.split(" > ").at(-1) ?? "";
  const again = `FUZZ_SEED=${details.seed} FUZZ_RUNS=${RUNS} npx vitest run --project unit ${file} -t ${JSON.stringify(name)}`;
  throw new Error(`${fc.defaultReportMessage(details)}\n\nAgain: ${again}`);
}
