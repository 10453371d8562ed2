import { Command } from "../commands/command.ts";
import { becomeVitest, VITEST } from "./vitest.ts";

const command = new Command({
  name: "npm test",
  summary: "Runs every test. No server must be started first.",
  duration: "4 minutes",
  options: {},
  passesOn: VITEST,
  examples: {
    "npm test": "everything",
    "npm test -- test/domain": "the tests whose path contains this",
    'npm test -- -t "finalised" --reporter=default': "the tests whose name matches, with a reporter of Vitest",
  },
  notes: "Accepts every option of `vitest run`; npx vitest run --help lists them.",
});

const { rest } = await command.readAndPassOn();
await becomeVitest(rest);
