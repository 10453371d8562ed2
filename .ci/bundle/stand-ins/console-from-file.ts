import { readFileSync } from "node:fs";

/** Stands in for `lib/http/console-text.ts` in bundles: the console is made at build time and lies beside the bundle. */
export function consoleText(name: string): string {
  return readFileSync(new URL(name, import.meta.url), "utf8");
}
