import { Command } from "../commands/command.ts";
import { becomeVitest, VITEST } from "./vitest.ts";

const command = new Command({
  name: "npm run compat",
  summary: "Tests the 35 things that callers of the predecessor and the siblings rely on, one test each.",
  duration: "15 seconds",
  options: {},
  passesOn: VITEST,
  examples: {
    "npm run compat": "all of them",
    'npm run compat -- -t "webhook"': "those whose name matches",
  },
  notes: "Every option of `vitest run` may be given (npx vitest run --help lists them).",
});

const { rest } = await command.readAndPassOn();
await becomeVitest(["--project", "integration", "test/compat", ...rest]);
