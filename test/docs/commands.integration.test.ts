import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { ROUTES } from "../../lib/contract/routes.ts";
import { blocksOf, commandsOf, DOCUMENTS, ROOT, readDocument } from "./documents.ts";

/** What the commands of documents begin with besides npm, npx, python3 and curl, and why no test starts it alone. */
const NOT_STARTED: Record<string, string> = {
  aws: "it changes or reads an account of AWS",
  shred: "it only follows a command of aws",
  jq: "it only reads the answer of curl or aws",
  date: "it only gives a time to aws",
  mkdir: "it changes no document's meaning",
  export: "it only sets variables",
};
const OF_SHELL = ["while", "do", "done", "true"];
/** A test runs all of it but its first block, which copies the repository. */
const QUICKSTART = "docs/quickstart.md";
/** Scripts of npm that are not ours. */
const OF_NPM = new Set(["ci"]);

const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")));

type Placed = { path: string; command: string };

const COMMANDS: readonly Placed[] = DOCUMENTS.filter((path) => path !== QUICKSTART).flatMap((path) =>
  blocksOf(readDocument(path))
    .filter(({ language }) => language === "sh")
    .flatMap(({ text }) => commandsOf(text).map((command) => ({ path, command }))),
);

/** The words of a command, after the variables that are set for it. */
function wordsOf(command: string): string[] {
  return command.replace(/^(\w+=(\$\([^)]*\)|"[^"]*"|\S*)\s*)+/, "").split(/\s+/);
}

type Run = { code: unknown; stdout: string; stderr: string };

function run(program: string, args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Promise<Run> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd: ROOT, ...options }, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, stdout, stderr });
    });
  });
}

const helps = new Map<string, Promise<Run>>();

/** What a program prints for `--help`, asked for once. */
function helpOf(program: string): Promise<Run> {
  const help = helps.get(program) ?? run(process.execPath, [program, "--help"]);
  helps.set(program, help);
  return help;
}

/** What is wrong with a call of one of our npm scripts, by the help that the script prints; undefined if it is right. */
async function faultOfScript(command: string): Promise<string | undefined> {
  const [, name = "", rest = ""] = /^npm (?:run (?:-s )?)?([\w:]+)(.*)$/.exec(command) ?? [];
  if (OF_NPM.has(name)) return undefined;
  const [, program = ""] = /(\S+\.ts)$/.exec(scripts[name] ?? "") ?? [];
  if (program === "") return `${name} is no script of package.json`;
  const [, options = ""] = / -- (.*)$/.exec(rest) ?? [];
  if (options === "") return undefined;
  const { code, stdout } = await helpOf(program);
  if (code !== 0) return `${name} does not answer --help`;
  const known = [...stdout.matchAll(/^ {2}(--[\w-]+)/gm)].map(([, option]) => option);
  const unknown = [...options.matchAll(/(?:^|\s)(--[\w-]+)/g)].flatMap(([, option = ""]) =>
    known.includes(option) ? [] : [option],
  );
  return unknown.length > 0 ? `${name} does not know ${unknown.join(", ")}` : undefined;
}

/** What is wrong with a call of our API by curl; undefined if a route answers it, or if it is another server's. */
function faultOfCurl(command: string): string | undefined {
  const [, path] = /\$API(\/[^\s"'?]*)/.exec(command) ?? [];
  if (path === undefined) return undefined;
  const method = /-X (\w+)/.exec(command)?.[1] ?? (/ -d /.test(command) ? "POST" : "GET");
  const asked = path.replaceAll(/\$\w+/g, "{}");
  const isRoute = ROUTES.some((route) => route.method === method && route.path.replaceAll(/\{\w+\}/g, "{}") === asked);
  return isRoute ? undefined : `no route answers ${method} ${asked}`;
}

async function faultOf(command: string): Promise<string | undefined> {
  const [program = "", next = ""] = wordsOf(command);
  // What is left is a variable that is set.
  if (program === "" || /^\w+=/.test(program)) return undefined;
  if (program === "npm" && next !== "exec") return faultOfScript(wordsOf(command).join(" "));
  if (program === "curl") return faultOfCurl(command);
  if (program === "npx") return existsSync(`${ROOT}node_modules/.bin/${next}`) ? undefined : `${next} is not installed`;
  if (!["npm", "python3", ...OF_SHELL, ...Object.keys(NOT_STARTED)].includes(program))
    return `${program} is not in the list`;
  const script = wordsOf(command).find((word) => /\.(ts|py|js)$/.test(word));
  return script && !existsSync(`${ROOT}${script}`) ? `${script} is no file` : undefined;
}

test("every command of a document exists, knows its options, and asks a route if it asks the API", async () => {
  expect(COMMANDS.length).toBeGreaterThan(100);
  const checked = await Promise.all(
    COMMANDS.map(async ({ path, command }) => {
      const fault = await faultOf(command);
      return fault === undefined ? [] : [`${path}: ${command}: ${fault}`];
    }),
  );
  expect(checked.flat()).toEqual([]);
});

test.each([
  ["npm run domo", "is no script"],
  ["npm start -- --frobnicate", "does not know --frobnicate"],
  ["SEED=1 npm run demo -- --scenario late --al", "does not know --al"],
  ["curl -s $API/api/v1/payment/$ID", "no route answers GET"],
  ["curl -s -X DELETE $API/api/v1/payments/$ID/refunds", "no route answers DELETE"],
  ["npx pay", "is not installed"],
  ["docker compose up", "is not in the list"],
  ["python3 examples/server/missing.py $USER_ID", "is no file"],
])("the command '%s' in a document would be found", async (command, fault) => {
  expect(await faultOf(command)).toContain(fault);
});

test("every reason for not starting a program is needed by a document", () => {
  const programs = new Set(COMMANDS.map(({ command }) => wordsOf(command)[0]));
  expect(Object.keys(NOT_STARTED).filter((program) => !programs.has(program))).toEqual([]);
});

test("a block of commands is marked as sh, so that its commands are checked", () => {
  const unmarked = DOCUMENTS.flatMap((path) =>
    blocksOf(readDocument(path))
      .filter(({ language, text }) => language !== "sh" && /^(npm|npx|curl|aws|git|python3) /.test(text))
      .map(({ text }) => `${path}: ${text.split("\n")[0]}`),
  );
  expect(unmarked).toEqual([]);
});

/** What differs from run to run: references, and the ids in addresses. */
const masked = (output: string) =>
  output.replaceAll(/:\d{4,5}\//g, ":PORT/").replaceAll(/(checkout\/payment\/)\w+/g, "$1KEY");

async function startCloud(folder: string): Promise<void> {
  const child = spawn(process.execPath, [`${ROOT}local/main.ts`, "--port", "0", "--json", "--quiet"], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "ignore"],
    env: { PATH: process.env["PATH"] },
  });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });
  const [line] = await once(createInterface(child.stdout), "line");
  mkdirSync(join(folder, ".local"));
  writeFileSync(join(folder, ".local/state.json"), z.string().parse(line));
}

/** Runs a list of shell blocks in one shell, and returns what each printed. */
async function inOneShell(blocks: readonly string[], folder: string): Promise<string[]> {
  const end = "-- end of a block --";
  const script = blocks.flatMap((block) => [block, `echo '${end}'`]).join("\n");
  const { stdout, stderr } = await run("bash", ["-c", `set -eo pipefail\n${script}`], { cwd: folder });
  expect(stderr).toBe("");
  return stdout.split(`${end}\n`).slice(0, -1);
}

/** The blocks that follow the start, each with the output that the document shows for it. */
function quickstart(): { command: string; shown: string }[] {
  const blocks = blocksOf(readDocument(QUICKSTART));
  return blocks
    .map(({ language, text }, index) => {
      const next = blocks[index + 1];
      return { language, command: text, shown: next?.language === "text" ? next.text : "" };
    })
    .filter(({ language, command }) => language === "sh" && !command.startsWith("git clone"));
}

test("the quickstart, run from its first curl to its last, prints what the document shows", async () => {
  const folder = mkdtempSync(join(tmpdir(), "quickstart-"));
  await startCloud(folder);
  const steps = quickstart();
  const printed = await inOneShell(
    steps.map(({ command }) => command),
    folder,
  );
  expect(printed.map(masked)).toEqual(steps.map(({ shown }) => masked(shown)));
});

test("every curl of the local cloud's control in docs/local.md is answered with 200", async () => {
  const folder = mkdtempSync(join(tmpdir(), "control-"));
  await startCloud(folder);
  const { control } = z
    .looseObject({ control: z.url() })
    .parse(JSON.parse(readFileSync(join(folder, ".local/state.json"), "utf8")));
  const curls = blocksOf(readDocument("docs/local.md"))
    .flatMap(({ language, text }) => (language === "sh" ? commandsOf(text) : []))
    .filter((command) => command.startsWith("curl $CONTROL"));
  expect(curls.length).toBeGreaterThan(4);
  const [printed = ""] = await inOneShell(
    [[`CONTROL=${control}`, ...curls.map((curl) => `${curl} -s -o answer -w '%{http_code}\\n'`)].join("\n")],
    folder,
  );
  expect(printed.trim().split("\n")).toEqual(curls.map(() => "200"));
});

test("npm run demo, the first command of the README, ends well and prints no log records", async () => {
  const { code, stdout, stderr } = await run(process.execPath, ["local/demo/main.ts"], {
    env: { PATH: process.env["PATH"] },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).not.toMatch(/^\{/m);
});
