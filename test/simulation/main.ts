import { parseArgs } from "node:util";
import { live, type Mutant, Violation } from "./life.ts";
import { MUTANTS } from "./mutants.ts";
import { FATES, type Fate } from "./scheduler.ts";

const { values } = parseArgs({
  options: {
    schedules: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    mutants: { type: "boolean", default: false },
  },
});
const count = Number(values.schedules);
const first = Number(values.seed);
const say = (text: string) => process.stdout.write(`${text}\n`);

/** The first seed under which a law is broken, and how. */
async function search(mutant: Mutant): Promise<{ seed: number; how: string } | undefined> {
  for (let seed = first; seed < first + count; seed++) {
    try {
      await live(seed, mutant);
    } catch (error) {
      return { seed, how: error instanceof Error ? error.message : String(error) };
    }
  }
  return undefined;
}

async function mutants(): Promise<void> {
  let caught = 0;
  for (const mutant of MUTANTS) {
    const found = await search(mutant);
    if (found) caught++;
    say(`${found ? `caught by seed ${found.seed}` : "NOT CAUGHT"}: ${mutant.name}${found ? `\n    ${found.how}` : ""}`);
  }
  say(`\n${caught} of ${MUTANTS.length} deliberate faults caught within ${count} schedules each`);
  if (caught < MUTANTS.length) process.exitCode = 1;
}

async function schedules(): Promise<void> {
  const sum = { steps: 0, crashes: 0, captures: 0, violations: 0 };
  const coverage = new Map<string, Record<Fate, number>>();
  for (let seed = first; seed < first + count; seed++) {
    try {
      const { scheduler, captures } = await live(seed);
      sum.steps += scheduler.steps;
      sum.crashes += scheduler.crashes;
      sum.captures += captures;
      for (const [site, hits] of scheduler.hits) {
        const known = coverage.get(site) ?? { ok: 0, errorBefore: 0, errorAfter: 0, crashBefore: 0, crashAfter: 0 };
        for (const fate of FATES) known[fate] += hits[fate];
        coverage.set(site, known);
      }
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      sum.violations++;
      say(`seed ${seed}: ${error.message}\n    npm run sim -- --seed ${seed} --schedules 1`);
    }
  }
  say(["call".padEnd(24), ...FATES.map((fate) => fate.padStart(12))].join(""));
  for (const [site, hits] of [...coverage].sort()) {
    say([site.padEnd(24), ...FATES.map((fate) => String(hits[fate]).padStart(12))].join(""));
  }
  const { steps, crashes, captures, violations } = sum;
  say(`\n${count} schedules, ${steps} steps, ${crashes} crashes, ${captures} captures: ${violations} violations`);
  if (violations > 0) process.exitCode = 1;
}

await (values.mutants ? mutants() : schedules());
