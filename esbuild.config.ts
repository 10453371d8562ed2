import { bundleFunctions } from "./.ci/bundle.ts";
import { Command } from "./commands/command.ts";
import { moveIntoPlace, openWorkspace } from "./commands/workspace.ts";

const command = new Command({
  name: "npm run build",
  summary: "Writes each function's bundle into dist/.",
  duration: "2 seconds",
  options: {},
  examples: { "npm run build": "builds every function" },
});

command.read();
const folder = `${openWorkspace("build")}/dist`;
const count = await bundleFunctions(folder);
moveIntoPlace(folder, "dist");
process.stdout.write(`built ${count} functions into dist/\n`);
