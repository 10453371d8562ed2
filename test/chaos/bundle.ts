import { readFile } from "node:fs/promises";
import { build, type Plugin } from "esbuild";
import { FUNCTIONS } from "../../lib/contract/functions.ts";
import { type DeliberateFault, faultySource, filesOf } from "../invariants/deliberate-faults.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/**
 * Bundles all functions from source into one program for worker processes, with the deliberate fault if there is one.
 * @returns the program's path
 * @throws Error if the source does not contain the code that a fault replaces
 */
export async function bundleWorker(fault: DeliberateFault | undefined): Promise<string> {
  const outfile = `${ROOT}.local/chaos/worker-${process.pid}.mjs`;
  const imports = Object.keys(FUNCTIONS).map((name) => `"${name}": () => import("./functions/${name}.ts")`);
  await build({
    stdin: {
      contents: `import { work } from "./test/chaos/worker.ts";\nawait work({${imports.join(", ")}});`,
      resolveDir: ROOT,
      loader: "ts",
    },
    outfile,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    banner: { js: "const require=process.getBuiltinModule;" },
    mainFields: ["module", "main"],
    minify: true,
    keepNames: true,
    lineLimit: 160,
    logLevel: "warning",
    plugins: fault ? [writtenIn(fault)] : [],
  });
  return outfile;
}

function writtenIn(fault: DeliberateFault): Plugin {
  return {
    name: "deliberate fault",
    setup({ onLoad }) {
      for (const file of filesOf(fault)) {
        const path = `${ROOT}${file}`;
        onLoad({ filter: new RegExp(`^${path.replaceAll(/[./]/g, "\\$&")}$`) }, async () => ({
          contents: faultySource(fault, file, await readFile(path, "utf8")),
          loader: "ts",
        }));
      }
    },
  };
}
