import { readdirSync, rmSync } from "node:fs";
import { basename } from "node:path";
import { build } from "esbuild";

const ROOT = import.meta.dirname;
const names = readdirSync(`${ROOT}/functions`).map((file) => basename(file, ".ts"));

rmSync(`${ROOT}/dist`, { recursive: true, force: true });
await build({
  entryPoints: Object.fromEntries(names.map((name) => [`${name}/index`, `${ROOT}/functions/${name}.ts`])),
  outdir: `${ROOT}/dist`,
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
process.stdout.write(`built ${names.length} functions into dist/\n`);
