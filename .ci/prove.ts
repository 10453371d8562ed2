import { spawnSync } from "node:child_process";

// The proof in its full form; the gate runs the same with smaller bounds. Hours on two cores.
const STEPS: readonly (readonly [string, ...string[]])[] = [
  ["test"],
  ["sim", "--schedules", "1000000"],
  ["sim", "--sweep"],
  ["sim", "--exhaustive"],
  ["sim", "--mutants"],
  ["model"],
  ["chaos", "--kills", "1000", "--payments", "1000"],
  ["chaos", "--deliberate"],
  ["soak", "--minutes", "30"],
  ["races", "--keys", "1000", "--parallel", "100"],
  ["mutation"],
  ["fuzz:parsers", "--execs", "500000"],
];

const failed: string[] = [];
for (const [script, ...args] of STEPS) {
  const said = `npm run ${script} -- ${args.join(" ")}`;
  process.stdout.write(`\n== ${said}\n`);
  const startedAt = Date.now();
  const { status } = spawnSync("npm", ["run", "-s", script, "--", ...args], { stdio: "inherit" });
  process.stdout.write(`-- ${Math.round((Date.now() - startedAt) / 1000)} s: ${status === 0 ? "passed" : "FAILED"}\n`);
  if (status !== 0) failed.push(said);
}
process.stdout.write(`\n${STEPS.length - failed.length} passed, ${failed.length} failed\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
