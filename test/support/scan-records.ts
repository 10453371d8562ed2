import { readdirSync, readFileSync } from "node:fs";
import type { TestProject } from "vitest/node";
import { moveIntoPlace, openWorkspace } from "../../commands/workspace.ts";
import { canariesIn } from "./canaries.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where this run of the tests keeps what functions record. */
    records: string;
  }
}

const LAST_RUN = ".local/records";

let folder: string;

export function setup({ provide }: TestProject): void {
  folder = openWorkspace("records");
  provide("records", folder);
}

/** Reads everything that was recorded while the tests ran. @throws when a record says what it must not */
export function teardown(): void {
  const lines = readdirSync(folder).flatMap((name) =>
    readFileSync(`${folder}/${name}`, "utf8").split("\n").filter(Boolean),
  );
  moveIntoPlace(folder, LAST_RUN);
  const found = lines.flatMap((line) => canariesIn(line).map((what) => `${what}: ${line.slice(0, 400)}`));
  process.stdout.write(
    `\n${lines.length} records read for tokens, keys, phones, e-mails and names: ${found.length} found\n`,
  );
  if (found.length > 0) throw new Error(found.slice(0, 20).join("\n"));
}
