import { readFileSync, writeFileSync } from "node:fs";
import { Command } from "../commands/command.ts";
import { moveIntoPlace, openWorkspace } from "../commands/workspace.ts";
import { architecture } from "../infra/architecture.ts";
import { inventoryOf } from "../infra/inventory.ts";
import { SynthesisFailed, synthesise } from "./synthesis.ts";

const command = new Command({
  name: "npm run inventory",
  summary: "Generates docs/inventory.md and docs/architecture.svg from the stack.",
  duration: "30 seconds",
  options: {},
  examples: { "npm run inventory": "after a change of functions, routes or rights" },
});

function write(name: string, contents: string): void {
  const file = `${workspace}/${name}`;
  writeFileSync(file, contents);
  moveIntoPlace(file, `docs/${name}`);
}

command.read();
const workspace = openWorkspace("inventory");
try {
  await synthesise();
  const template = readFileSync("cdk.out/ChapaPayments-dev.template.json", "utf8");
  write("inventory.md", inventoryOf(JSON.parse(template)));
  write("architecture.svg", architecture());
} catch (error) {
  if (!(error instanceof SynthesisFailed)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
