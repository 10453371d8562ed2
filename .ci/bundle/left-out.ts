import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import type { Loader, Plugin } from "esbuild";

/** A file that bundles have in another form. `reason` says why no function misses the rest. */
type Replaced = { readonly file: RegExp; readonly reason: string; readonly by: (source: string) => string };

const EXPORT = /^export (?:async )?(?:class|function|const|let) (\w+)|^export \{([^}]*)\}/gm;

/** Returns a module with the same names and nothing behind them. */
function emptied(source: string): string {
  const names = [...source.matchAll(EXPORT)].flatMap(
    ([, one, several = ""]) => one ?? several.match(/\w+(?=\s*(?:,|$))/g) ?? [],
  );
  return names.map((name) => `export const ${name} = undefined;`).join("\n");
}

const REPLACED: readonly Replaced[] = [
  {
    file: /@upstash\/redis\/(chunk-\w+|nodejs)\.mjs$/,
    reason:
      "The client has a class for each command of Redis and its own HTTP client; ours sends four commands over lib/runtime/call.ts",
    by: withFewCommands,
  },
  {
    file: /@upstash\/core-analytics\/dist\/index\.m?js$/,
    reason: "Analytics are switched off",
    by: () => "export class Analytics {}",
  },
  {
    file: /lib\/http\/openapi-text\.ts$/,
    reason: "The OpenAPI document changes only with the code",
    by: () => readFileSync(join(import.meta.dirname, "stand-ins/openapi-from-file.ts"), "utf8"),
  },
  {
    file: /lib\/http\/pages\/error-guide-text\.ts$/,
    reason: "The explanations of errors change only with the code",
    by: () =>
      `export const errorGuideText = () => ${JSON.stringify(readFileSync(join(import.meta.dirname, "../../docs/errors.md"), "utf8"))};`,
  },
  {
    file: /lib\/http\/console-text\.ts$/,
    reason: "The console changes only with the code",
    by: () => readFileSync(join(import.meta.dirname, "stand-ins/console-from-file.ts"), "utf8"),
  },
  {
    file: /\/lib\/.*\.ts$/,
    reason: "esbuild keeps every constant that a call makes, so most schemas of our files would be made for nothing",
    by: withDroppableConstants,
  },
  {
    file: /zod\/v4\/core\/(to-json-schema|json-schema-processors|json-schema-generator)\.js$/,
    reason: "No function describes its schemas; the OpenAPI document is made at build time",
    by: emptied,
  },
  {
    file: /@smithy\/core\/dist-es\/submodules\/event-streams\/index\.js$/,
    reason: "No command that functions send is answered by a stream of events",
    by: emptied,
  },
  {
    file: /@smithy\/core\/dist-es\/submodules\/checksum\/(sha256\/Sha256Js|md5\/Md5Js)\.js$/,
    reason: "Node's own hashes are used where Node has them",
    by: emptied,
  },
  {
    file: /@aws-sdk\/client-[\w-]+\/package\.json$/,
    reason: "A client reads its version from it",
    by: (source) => JSON.stringify({ version: JSON.parse(source).version }),
  },
];

// Commands of Redis that @upstash/ratelimit and lib/redis send.
const COMMANDS = "(?:Get|Set|Eval|Evalsha)Command";
const OTHER = new RegExp(`new (?!${COMMANDS}\\b)(?:\\w+Command|Pipeline|Script|ScriptRO|HttpClient)\\(`, "g");
const METHOD = /^ +\w+(?: =|:) \([^()]*\) => (?:this\.chain\()?new Unbundled\([^;]*?\)(?:;|,|(?=\n))\n/gm;

function withFewCommands(source: string): string {
  const unbundled = `class Unbundled { constructor() { throw new Error("bundles have no such command of Redis"); } }`;
  return `${unbundled}\n${source.replaceAll(OTHER, "new Unbundled(").replaceAll(METHOD, "")}`;
}

const CONSTANT = /^((?:export )?const \w+(?:: [^=]+)? =)\s(.*)$/s;

/**
 * Returns a file of ours in which a constant is dropped if nothing uses it, whatever makes it. Every file is formatted:
 * a statement is its first line with those that are indented or begin with a closing bracket.
 */
function withDroppableConstants(source: string): string {
  const statements = source.split(/\n(?=[^\s)}\]])/);
  return statements.map(droppable).join("\n");
}

function droppable(statement: string): string {
  const [, head, rest = ""] = CONSTANT.exec(statement) ?? [];
  const end = rest.lastIndexOf(";");
  if (head === undefined || end < 0 || !rest.includes("(")) return statement;
  return `${head} /* @__PURE__ */ (() => (${rest.slice(0, end)}))()${rest.slice(end)}`;
}

const LOADERS: Readonly<Record<string, Loader>> = { ".json": "json", ".ts": "ts" };

/** Leaves out what no function uses and tree shaking cannot see. */
export const leftOut: Plugin = {
  name: "left out",
  setup({ onLoad }) {
    for (const { file, by } of REPLACED) {
      onLoad({ filter: file }, async ({ path }) => ({
        contents: by(await readFile(path, "utf8")),
        loader: LOADERS[extname(path)] ?? "js",
      }));
    }
  },
};
