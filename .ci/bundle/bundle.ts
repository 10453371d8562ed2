import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { type BuildOptions, type BuildResult, build } from "esbuild";
import { openApiText } from "../../lib/http/openapi-text.ts";
import { REFERENCE_FILES } from "../../lib/http/pages/api-reference.ts";
import { bundleConsole } from "../../local/console.ts";
import { builtins } from "./builtins.ts";
import { leftOut } from "./left-out.ts";

const ROOT = join(import.meta.dirname, "../..");
const DIST = join(ROOT, "dist");
// Functions with code that few of their calls need. It lies in files of its own, which are loaded when it is needed.
const SPLIT: ReadonlySet<string> = new Set(["chapa-webhook"]);

/**
 * What Lambda loads when a function starts. Sizes are in bytes. `inputs` are the source files, largest part first;
 * `outside` are the modules that it imports from elsewhere.
 */
export type Bundle = {
  name: string;
  bytes: number;
  gzip: number;
  inputs: ReadonlyMap<string, number>;
  outside: readonly string[];
};

/** Returns the package of a source file; undefined if it is ours. */
export function packageOf(input: string): string | undefined {
  return /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1];
}

/** How a function is bundled, apart from where it begins and ends. */
const BUNDLING = {
  absWorkingDir: ROOT,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  target: "node24",
  format: "esm",
  // Without "module", esbuild takes the SDK's CommonJS builds, and tree shaking does not work on them.
  mainFields: ["module", "main"],
  alias: {
    "@aws-sdk/credential-provider-node": join(import.meta.dirname, "stand-ins/environment-credentials.ts"),
    "@aws-sdk/endpoint-cache": join(import.meta.dirname, "stand-ins/no-endpoint-cache.ts"),
    // Its package names only the CommonJS build.
    "@upstash/ratelimit": join(ROOT, "node_modules/@upstash/ratelimit/dist/index.mjs"),
  },
  plugins: [builtins, leftOut],
  minify: true,
  sourcemap: true,
  sourcesContent: false,
  // When a function cannot start, Lambda logs the whole source line. A minified line can be a megabyte long.
  lineLimit: 160,
  logLevel: "warning",
  logOverride: { "import-is-undefined": "silent" },
} as const satisfies BuildOptions;

/**
 * Writes each function's bundle to `folder`, in a subfolder of its own. Source maps always have paths relative to
 * `dist`, because the bundles are moved there.
 */
export async function bundleFunctions(folder: string): Promise<readonly Bundle[]> {
  const names = readdirSync(join(ROOT, "functions")).map((file) => basename(file, ".ts"));
  const whole = names.filter((name) => !SPLIT.has(name));
  const builds = [bundle(sourcesOf(whole), folder)];
  for (const name of SPLIT) builds.push(bundle(sourcesOf([name]), folder, `${name}/[name]-[hash]`));
  const bundles = (await Promise.all(builds)).flat();
  writeFileSync(join(folder, "get-openapi/openapi.json"), openApiText());
  for (const { source } of Object.values(REFERENCE_FILES)) copyFromPackage(source, join(folder, "get-docs"));
  await bundleConsole(join(folder, "get-console"));
  return bundles.toSorted((one, other) => one.name.localeCompare(other.name));
}

function sourcesOf(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, join(ROOT, "functions", `${name}.ts`)]));
}

/**
 * Writes the bundles of some programs to `folder`.
 * @param sources the file that each program begins with, by the program's name
 * @param chunkNames how the files are called that a program loads later; without it, everything is in one file
 */
export async function bundle(
  sources: Readonly<Record<string, string>>,
  folder: string,
  chunkNames?: string,
): Promise<readonly Bundle[]> {
  const result = await build({
    ...BUNDLING,
    entryPoints: Object.fromEntries(Object.entries(sources).map(([name, source]) => [`${name}/index`, source])),
    outdir: DIST,
    write: false,
    metafile: true,
    ...(chunkNames === undefined ? {} : { splitting: true, chunkNames }),
  });
  for (const { path, contents } of result.outputFiles) {
    const file = join(folder, relative(DIST, path));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, contents);
  }
  return bundlesIn(result);
}

type Built = BuildResult<{ write: false; metafile: true }>;

function bundlesIn({ metafile: { outputs }, outputFiles }: Built): Bundle[] {
  const contents = new Map(outputFiles.map(({ path, contents: bytes }) => [relative(ROOT, path), bytes]));
  return Object.entries(outputs).flatMap(([path, { entryPoint }]) => {
    if (entryPoint === undefined || !path.endsWith("/index.mjs")) return [];
    const loaded = [...loadedWith(path, outputs)];
    const inputs = loaded
      .flatMap((file) => Object.entries(outputs[file]?.inputs ?? {}))
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([input, { bytesInOutput }]): [string, number] => [input, bytesInOutput]);
    const imports = loaded.flatMap((file) => outputs[file]?.imports ?? []);
    const files = loaded.map((file) => contents.get(file) ?? new Uint8Array());
    return {
      name: basename(dirname(path)),
      bytes: files.reduce((sum, { length }) => sum + length, 0),
      gzip: files.reduce((sum, file) => sum + gzipSync(file).length, 0),
      inputs: new Map(inputs.toSorted(([, one], [, other]) => other - one)),
      outside: imports.filter(({ external }) => external).map(({ path: module }) => module),
    };
  });
}

/** Returns a file and those that it imports when it is loaded. */
function loadedWith(path: string, outputs: Built["metafile"]["outputs"], found = new Set<string>()): Set<string> {
  if (found.has(path)) return found;
  found.add(path);
  for (const { kind, path: imported } of outputs[path]?.imports ?? []) {
    if (kind === "import-statement") loadedWith(imported, outputs, found);
  }
  return found;
}

/** Copies a file that a function reads while it runs, and the description by which Node finds it there. */
function copyFromPackage(source: string, to: string): void {
  const [name = ""] = source.split("/");
  for (const file of [source, `${name}/package.json`]) {
    cpSync(join(ROOT, "node_modules", file), join(to, "node_modules", file));
  }
}
