import { runChild } from "../commands/children.ts";
import { Command } from "../commands/command.ts";
import { becomeVitest, VITEST } from "./vitest.ts";

const command = new Command({
  name: "npm run check",
  summary: "Checks lint rules, types and unit tests, in this order, and stops at the first failure.",
  duration: "30 seconds",
  options: {},
  passesOn: VITEST,
  examples: {
    "npm run check": "before each commit",
    "npm run check -- test/domain": "lint, types, and these unit tests only",
  },
  notes: "Accepts every option of `vitest run`; npx vitest run --help lists them.",
});

const { rest } = await command.readAndPassOn();
process.exitCode =
  (await runChild("node_modules/.bin/biome", ["ci", "."])) ||
  (await runChild("node_modules/.bin/tsc", [])) ||
  (await runChild("node_modules/.bin/tsc", ["-p", "client"])) ||
  (await runChild("node_modules/.bin/tsc", ["-p", "examples"])) ||
  (await runChild("node_modules/.bin/tsc", ["-p", "console"]));
if (process.exitCode === 0) await becomeVitest(["--project", "unit", ...rest]);
