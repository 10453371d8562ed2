import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { build } from "esbuild";
import type { Answer, Request } from "./serve.ts";

const ROOT = join(import.meta.dirname, "..");

/** The page that a front end's developer copies. */
export const EXAMPLE_PATH = "/examples/web/";

/** The example programs, by name. */
export const EXAMPLE_PROGRAMS = ["pay.ts", "signed.ts", "pay.py", "signed.py"] as const;

const SCRIPT_PATH = `${EXAMPLE_PATH}chapa-payments-client.js`;
const FILES = new Map([
  [EXAMPLE_PATH, "examples/web/index.html"],
  ...EXAMPLE_PROGRAMS.map((name) => [`/examples/server/${name}`, `examples/server/${name}`] as const),
]);

/** Answers a request for an example, or for the client as one script; undefined for any other path. */
export async function exampleOf({ method, path }: Request): Promise<Answer | undefined> {
  if (method !== "GET" && method !== "HEAD") return undefined;
  if (path === SCRIPT_PATH) return answer("text/javascript", await clientScript());
  const file = FILES.get(path);
  if (file === undefined) return undefined;
  const text = await readFile(join(ROOT, file), "utf8");
  return answer(extname(file) === ".html" ? "text/html" : "text/plain", text);
}

function answer(type: string, body: string): Answer {
  return { status: 200, headers: { "content-type": `${type}; charset=utf-8`, "cache-control": "no-store" }, body };
}

/** Returns the client as one module for browsers. */
export async function clientScript(): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: ["client/src/client.ts"],
    bundle: true,
    format: "esm",
    target: "es2022",
    write: false,
    logLevel: "warning",
  });
  return outputFiles.map(({ text }) => text).join("");
}
