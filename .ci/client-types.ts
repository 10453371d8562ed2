import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { runChild } from "../commands/children.ts";
import { Command } from "../commands/command.ts";
import { openWorkspace } from "../commands/workspace.ts";
import { openApiDocument } from "../lib/http/openapi.ts";

new Command({
  name: "npm run client:types",
  summary: "Makes a client's TypeScript types from the API's description, and compiles a program that uses them.",
  duration: "10 seconds",
  options: {},
  examples: { "npm run client:types": "prints how many types have a name" },
  notes:
    "Fails if a JSON body has no named type. Installs the generator in a folder of its own, because it needs an older TypeScript.",
}).read();

const SOURCE = ".ci/client-types";
const HOME = ".local/client-types";
const workspace = openWorkspace("client-types");
writeFileSync(`${workspace}/openapi.json`, JSON.stringify(openApiDocument()));
mkdirSync(HOME, { recursive: true });
for (const file of ["package.json", "package-lock.json"]) copyFileSync(`${SOURCE}/${file}`, `${HOME}/${file}`);
await run("npm", ["ci", "--prefix", HOME, "--no-audit", "--no-fund"]);
await run(`${HOME}/node_modules/.bin/openapi-typescript`, [
  `${workspace}/openapi.json`,
  "--output",
  `${workspace}/api.ts`,
]);
copyFileSync(`${SOURCE}/consumer.txt`, `${workspace}/consumer.ts`);
const strict = ["--strict", "--noEmit", "--module", "nodenext", "--allowImportingTsExtensions"];
await run(`${HOME}/node_modules/.bin/tsc`, [...strict, `${workspace}/consumer.ts`]);

const types = readFileSync(`${workspace}/api.ts`, "utf8");
const bodies = [...types.matchAll(/"(application\/[a-z+-]*(?:json|urlencoded))": (.*)/g)];
const anonymous = bodies.filter(([, , type = ""]) => !type.startsWith('components["schemas"]['));
process.stdout.write(`${bodies.length} bodies, ${anonymous.length} of them anonymous\n`);
process.exitCode = anonymous.length > 0 || bodies.length === 0 ? 1 : 0;

async function run(program: string, args: readonly string[]): Promise<void> {
  const code = await runChild(program, args);
  if (code !== 0) process.exit(code);
}
