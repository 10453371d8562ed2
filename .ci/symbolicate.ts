import { existsSync, readFileSync } from "node:fs";
import { text as readAll } from "node:stream/consumers";
import { Command } from "../commands/command.ts";
import { text } from "../commands/options.ts";
import { FUNCTIONS } from "../lib/contract/functions.ts";
import { withSourcePlaces } from "./bundle/stack.ts";

const command = new Command({
  name: "npm run symbolicate",
  summary: "Prints a stack of a deployed function with the places in our source, from standard input.",
  duration: "1 second",
  options: { function: text("the function that the stack comes from", "NAME") },
  operand: "function",
  examples: {
    "npm run symbolicate -- initiate-payment < stack.txt": "reads a stack that was saved from the log",
  },
  notes: "Reads the maps of dist/. Build the commit that is deployed first: npm run build.",
});

const { function: name } = command.read();
if (name === undefined || !Object.hasOwn(FUNCTIONS, name)) {
  command.refuse(`needs the name of a function: ${Object.keys(FUNCTIONS).join(", ")}`);
}
if (!existsSync(`dist/${name}/index.mjs.map`)) command.refuse("finds no maps in dist/; run npm run build first");
const mapOf = (file: string) => {
  const map = `dist/${name}/${file}.map`;
  return existsSync(map) ? readFileSync(map, "utf8") : undefined;
};
process.stdout.write(withSourcePlaces(await readAll(process.stdin), mapOf));
