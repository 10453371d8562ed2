import { Command } from "../commands/command.ts";
import { becomeVitest, VITEST } from "./vitest.ts";

const command = new Command({
  name: "npm run compat",
  summary: "Tests what callers of the earlier service rely on, and 227 recorded answers of the real sibling services.",
  duration: "30 seconds",
  options: {},
  passesOn: VITEST,
  examples: {
    "npm run compat": "all of them",
    'npm run compat -- -t "webhook"': "the tests whose name matches",
  },
  notes: "Accepts every option of `vitest run`; npx vitest run --help lists them.",
});

const { rest } = await command.readAndPassOn();
await becomeVitest(["test/compat", ...rest]);
