import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { build } from "esbuild";

const ROOT = join(import.meta.dirname, "..");
const DIST = join(ROOT, "dist");

/**
 * Writes each function's bundle into a folder of its own there. Wherever that is, source maps fit `dist`.
 *
 * @returns how many there are
 */
export async function bundleFunctions(folder: string): Promise<number> {
  const names = readdirSync(join(ROOT, "functions")).map((file) => basename(file, ".ts"));
  const { outputFiles } = await build({
    entryPoints: Object.fromEntries(names.map((name) => [`${name}/index`, join(ROOT, "functions", `${name}.ts`)])),
    outdir: DIST,
    write: false,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    // Without "module" the SDK's CommonJS builds are taken, which cannot be shaken.
    mainFields: ["module", "main"],
    minify: true,
    sourcemap: true,
    sourcesContent: false,
    // One line of a megabyte would be logged whole when a function cannot start.
    lineLimit: 160,
    logLevel: "warning",
  });
  for (const { path, contents } of outputFiles) {
    const file = join(folder, relative(DIST, path));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, contents);
  }
  return names.length;
}
