import { readFileSync } from "node:fs";

/** Where the local cloud writes the console's files, from the project's folder. */
export const CONSOLE_FOLDER = "node_modules/.cache/console";

/** Returns a file of the console. A bundle has another module in this place, which reads the file beside the bundle. */
export function consoleText(name: string): string {
  return readFileSync(new URL(`../../${CONSOLE_FOLDER}/${name}`, import.meta.url), "utf8");
}
