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

type Ended = { code: number | string | null | undefined; stdout: string; stderr: string };

/** The script's own program, which npm would start with these arguments. */
function run(script: string, argument: string): Promise<Ended> {
  const [, program = ""] = /^(?:exec )?node (\S+\.ts)$/.exec(script) ?? [];
  return new Promise((resolve) => {
    execFile(process.execPath, [...HARMLESS, program, argument], { cwd: ROOT }, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, stdout, stderr });
    });
  });
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
    const [helped, refused] = await Promise.all([run(script, "--help"), run(script, "--frobnicate")]);
    expect(helped).toMatchObject({ code: 0, stderr: "" });
    expect(helped.stdout).toContain(`\nUsage: ${typed(name)} -- [options]`);
    expect(helped.stdout).toMatch(/\nOptions:\n( {2}--\S+.*\n)+/);
    expect(helped.stdout).toMatch(new RegExp(`\\nExamples:\\n {2}${typed(name)}`));
    expect(helped.stdout).toMatch(/\nUsual duration: \S/);
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
  const ended = await new Promise<Ended>((resolve) => {
    const args = [...HARMLESS, "--input-type=module", "-e", source];
    execFile(process.execPath, args, { cwd: ROOT }, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, stdout, stderr });
    });
  });
  expect(ended.code).toBe(1);
});
