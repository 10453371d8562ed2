import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import * as z from "zod";
import { Command } from "../commands/command.ts";
import { moveIntoPlace, openWorkspace } from "../commands/workspace.ts";
import { CLIENT_TYPES, generateTypes } from "./client-types.ts";

new Command({
  name: "npm run client",
  summary: "Makes the client's types from the API's description, compiles the client, and prints its packed size.",
  duration: "5 seconds",
  options: {},
  examples: { "npm run client": "after a change of a route or a body that the client uses" },
  notes: "Fails if a JSON body of the API has no named type.",
}).read();

const Packed = z.array(z.object({ size: z.number(), unpackedSize: z.number(), entryCount: z.number() })).length(1);

const workspace = openWorkspace("client");
const all = readFileSync(await generateTypes(workspace, "all"), "utf8");
const bodies = [...all.matchAll(/"(application\/[a-z+-]*(?:json|urlencoded))": (.*)/g)];
const anonymous = bodies.filter(([, , type = ""]) => !type.startsWith('components["schemas"]['));
process.stdout.write(`${bodies.length} bodies of the API, ${anonymous.length} of them anonymous\n`);
process.exitCode = anonymous.length > 0 || bodies.length === 0 ? 1 : 0;

moveIntoPlace(await generateTypes(workspace, "called"), CLIENT_TYPES);
const [packed] = Packed.parse(
  JSON.parse(execFileSync("npm", ["pack", "--dry-run", "--json", "--workspace", "client"], { encoding: "utf8" })),
);
// What other programs get.
const imported =
  'import { PaymentClient } from "chapa-payments-client"; new PaymentClient({ baseUrl: "https://pay.example", credentials: () => ({}) });';
execFileSync(process.execPath, ["--input-type=module", "--eval", imported]);
const kib = (bytes = 0) => `${(bytes / 1024).toFixed(1)} KiB`;
process.stdout.write(
  `the client: ${packed?.entryCount} files, ${kib(packed?.size)} packed, ${kib(packed?.unpackedSize)} unpacked\n`,
);
