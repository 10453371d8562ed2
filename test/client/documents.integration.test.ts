import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { runChild } from "../../commands/children.ts";
import { openWorkspace } from "../../commands/workspace.ts";

/** What the page around the documented code has. */
const PAGE = `
declare const session: { token: string };
declare const property_id: string;
declare const user_id: string;
declare function show(what: string): void;
`;

test.each(["docs/frontend.md", "client/README.md"])("the TypeScript of %s compiles", async (document) => {
  const blocks = [...readFileSync(document, "utf8").matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = ""]) => code);
  expect(blocks.length).toBeGreaterThan(0);
  const folder = openWorkspace(`documents-${document.replace(/\W/g, "-")}`);
  writeFileSync(`${folder}/page.ts`, `${blocks.join("\n")}${PAGE}`);
  const compilerOptions = { lib: ["es2022", "dom"], types: [], noUnusedLocals: false };
  const config = { extends: resolve("examples/tsconfig.json"), compilerOptions, include: ["page.ts"] };
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(config));
  expect(await runChild("node_modules/.bin/tsc", ["-p", folder])).toBe(0);
});
