import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as z from "zod";

const ROOT = new URL("../../", import.meta.url).pathname;
// May read; may not write, start a process or a thread (Node's permissions), nor open a port or a connection.
const HARMLESS = [
  "--permission",
  "--allow-fs-read=*",
  "--allow-addons",
  "--disable-warning=PERM0001",
  "--import",
  "./test/commands/no-servers.ts",
];

const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(`${ROOT}package.json`, "utf8")));
const SCRIPTS = Object.entries(scripts);

/** As people type it. */
const typed = (name: string) => (name === "start" || name === "test" ? `npm ${name}` : `npm run ${name}`);

const Ended = z.object({
  code: z.union([z.number(), z.string(), z.null()]).optional(),
  stdout: z.string(),
  stderr: z.string(),
});
type Ended = z.infer<typeof Ended>;

function start(args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [...HARMLESS, ...args], { cwd: ROOT }, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, stdout, stderr });
    });
  });
}

/** The script's own program, as npm would start it with `--help` and with `--frobnicate`. */
async function helpAndRefusal(script: string): Promise<Ended[]> {
  const [, program = ""] = /^(?:exec )?node (\S+\.ts)$/.exec(script) ?? [];
  const { code, stdout, stderr } = await start(["test/commands/help-and-refusal.ts", program]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return z.array(Ended).parse(JSON.parse(stdout));
}

test("the README's table of commands names every npm script, and no other", () => {
  const [, table = ""] = readFileSync(`${ROOT}README.md`, "utf8").split("\n## Commands\n");
  const [rows = ""] = table.split("\n## ");
  const named = [...rows.matchAll(/`npm (?:run )?([a-z:]+)/g)].map(([, name]) => name);
  expect([...new Set(named)].toSorted()).toEqual(Object.keys(scripts).toSorted());
});

test.each(SCRIPTS)("%s is one program, which reads its options before it does anything", (_name, script) => {
  expect(script).toMatch(/^(exec )?node \S+\.ts$/);
});

test.each(SCRIPTS)(
  "%s answers --help, refuses an unknown option in one sentence, and starts nothing in both cases",
  async (name, script) => {
    const [helped, refused] = await helpAndRefusal(script);
    expect(helped).toMatchObject({ code: 0, stderr: "" });
    expect(helped?.stdout).toContain(`\nUsage: ${typed(name)} -- [options]`);
    expect(helped?.stdout).toMatch(/\nOptions:\n( {2}--\S+.*\n)+/);
    expect(helped?.stdout).toMatch(new RegExp(`\\nExamples:\\n {2}${typed(name)}`));
    expect(helped?.stdout).toMatch(/\nUsual duration: \S/);
    expect(refused).toEqual({
      code: 2,
      stdout: "",
      stderr: `${typed(name)} does not know the option --frobnicate; add --help to see its options.\n`,
    });
  },
);

test.each([
  ["writes a file", 'import { writeFileSync } from "node:fs"; writeFileSync("/tmp/x", "");'],
  ["starts a process", 'import { spawnSync } from "node:child_process"; spawnSync("true");'],
  ["starts a thread", 'import { Worker } from "node:worker_threads"; new Worker("", { eval: true });'],
  ["opens a port", 'import { createServer } from "node:net"; createServer().listen(0);'],
  ["opens a connection", 'import { connect } from "node:net"; connect(80, "127.0.0.1");'],
])("a program that %s would be found", async (_does, source) => {
  const ended = await start(["--input-type=module", "-e", source]);
  expect(ended.code).toBe(1);
});
