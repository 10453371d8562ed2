import { Command } from "../commands/command.ts";
import { becomeVitest, VITEST } from "./vitest.ts";

const command = new Command({
  name: "npm run test:browser",
  summary: "Tests the pages of this service and of the local cloud in Chromium, and keeps pictures in .local/browser.",
  duration: "30 seconds",
  options: {},
  passesOn: VITEST,
  examples: {
    "npm run test:browser": "all of them",
    'npm run test:browser -- -t "/redoc"': "the tests whose name matches",
  },
  notes: "Needs Chromium: apt-get install chromium fonts-noto-core.",
});

const { rest } = await command.readAndPassOn();
await becomeVitest(["--config", "test/browser/vitest.config.ts", ...rest]);
