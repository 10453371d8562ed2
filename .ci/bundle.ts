import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { build } from "esbuild";
import { REFERENCE_FILES } from "../lib/http/pages/api-reference.ts";

const ROOT = join(import.meta.dirname, "..");
const DIST = join(ROOT, "dist");

/**
 * Writes each function's bundle to `folder`, in a subfolder of its own. Source maps always have paths relative to
 * `dist`, because the bundles are moved there.
 *
 * @returns the number of functions
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
    // A CommonJS package requires Node's modules, and a module of the other kind has no `require`.
    banner: { js: "const require=process.getBuiltinModule;" },
    // Without "module", esbuild takes the SDK's CommonJS builds, and tree shaking does not work on them.
    mainFields: ["module", "main"],
    minify: true,
    sourcemap: true,
    sourcesContent: false,
    // When a function cannot start, Lambda logs the whole source line. A minified line can be a megabyte long.
    lineLimit: 160,
    logLevel: "warning",
  });
  for (const { path, contents } of outputFiles) {
    const file = join(folder, relative(DIST, path));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, contents);
  }
  for (const { source } of Object.values(REFERENCE_FILES)) copyFromPackage(source, join(folder, "get-docs"));
  return names.length;
}

/** Copies a file that a function reads while it runs, and the description by which Node finds it there. */
function copyFromPackage(source: string, to: string): void {
  const [name = ""] = source.split("/");
  for (const file of [source, `${name}/package.json`]) {
    cpSync(join(ROOT, "node_modules", file), join(to, "node_modules", file));
  }
}
