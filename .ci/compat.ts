import { Command } from "../commands/command.ts";
import { becomeVitest, VITEST } from "./vitest.ts";

const command = new Command({
  name: "npm run compat",
  summary: "Tests what callers of the earlier service and the sibling services rely on: 35 points, one test each.",
  duration: "15 seconds",
  options: {},
  passesOn: VITEST,
  examples: {
    "npm run compat": "all of them",
    'npm run compat -- -t "webhook"': "the tests whose name matches",
  },
  notes: "Accepts every option of `vitest run`; npx vitest run --help lists them.",
});

const { rest } = await command.readAndPassOn();
await becomeVitest(["--project", "integration", "test/compat", ...rest]);
