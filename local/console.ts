import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { CONSOLE_FOLDER } from "../lib/http/console-text.ts";

const ROOT = join(import.meta.dirname, "..");

/** Writes the console's script and style sheet to `folder`, which is the whole console but for its page. */
export async function bundleConsole(folder: string): Promise<void> {
  await build({
    absWorkingDir: ROOT,
    entryPoints: [
      { in: "console/main.tsx", out: "console" },
      { in: "console/console.css", out: "console" },
    ],
    outdir: folder,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    legalComments: "none",
    logLevel: "warning",
  });
}

let made: Promise<void> | undefined;

/** Makes the console of this source, once in a process, where the function reads it. Other processes may do so, too. */
export function makeConsole(): Promise<void> {
  made ??= (async () => {
    const place = join(ROOT, CONSOLE_FOLDER);
    mkdirSync(place, { recursive: true });
    const folder = mkdtempSync(`${place}-`);
    await bundleConsole(folder);
    // One by one, so that a process that reads meanwhile finds each file, whole.
    for (const name of readdirSync(folder)) renameSync(join(folder, name), join(place, name));
    rmdirSync(folder);
  })();
  return made;
}
