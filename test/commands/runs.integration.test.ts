import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { moveIntoPlace } from "../../commands/workspace.ts";

const COMMANDS = new URL("../../commands/", import.meta.url).pathname;

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "runs-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A command that has a workspace and a child, tells both, and works until it is ended. */
const WORKING = `
import { startChild } from "${COMMANDS}children.ts";
import { openWorkspace } from "${COMMANDS}workspace.ts";
const folder = openWorkspace("bake");
const { pid } = startChild("sleep", ["600"], { stdio: "ignore" });
console.log(JSON.stringify({ folder, pid }));
`;

/** Starts it there and waits until it works. */
async function startWorking(cwd: string) {
  const command = spawn(process.execPath, ["--input-type=module", "-e", WORKING], { cwd, stdio: "pipe" });
  onTestFinished(() => void command.kill("SIGKILL"));
  const [line] = await once(command.stdout, "data");
  const { folder, pid } = JSON.parse(String(line));
  return { command, ended: once(command, "exit"), folder: join(cwd, folder), childPid: Number(pid) };
}

function isRunning(pid: number): boolean {
  // A process that has ended but was not waited for still has a number.
  if (existsSync(`/proc/${pid}/stat`)) return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const)("a command that gets %s ends with %i, and so do its child and its workspace", async (signal, code) => {
  const { command, ended, folder, childPid } = await startWorking(temporaryFolder());
  expect(existsSync(folder)).toBe(true);
  command.kill(signal);
  expect(await ended).toEqual([code, null]);
  expect(existsSync(folder)).toBe(false);
  await expect.poll(() => isRunning(childPid)).toBe(false);
});

test("two runs of a command have a workspace each, and a killed one's is removed by the next run", async () => {
  const cwd = temporaryFolder();
  const [first, second] = [await startWorking(cwd), await startWorking(cwd)];
  onTestFinished(() => void process.kill(first.childPid, "SIGKILL"));
  expect(readdirSync(join(cwd, ".local/runs"))).toHaveLength(2);
  first.command.kill("SIGKILL");
  await first.ended;
  const third = await startWorking(cwd);
  expect([first, second, third].map(({ folder }) => existsSync(folder))).toEqual([false, true, true]);
});

test("a command learns its child's exit code, or 128 and its signal", async () => {
  const run = (script: string) => `await runChild("/bin/sh", ["-c", ${JSON.stringify(script)}])`;
  const source = `
    import { runChild } from "${COMMANDS}children.ts";
    console.log([${run("exit 0")}, ${run("exit 7")}, ${run("kill -9 $$")}].join(" "));`;
  const command = spawn(process.execPath, ["--input-type=module", "-e", source], { stdio: "pipe" });
  expect(await text(command.stdout)).toBe("0 7 137\n");
});

test("a result takes the place of an earlier one as a whole: nothing of the earlier one is left", () => {
  const root = temporaryFolder();
  const to = join(root, "docs/template");
  for (const [run, name] of ["first.json", "second.json"].entries()) {
    const from = join(root, `run-${run}`);
    mkdirSync(from);
    writeFileSync(join(from, name), "{}");
    moveIntoPlace(from, to);
  }
  expect(readdirSync(to)).toEqual(["second.json"]);
  expect(readdirSync(root)).toEqual(["docs"]);
});

test("a file replaces an earlier one of the same name", () => {
  const root = temporaryFolder();
  for (const contents of ["first", "second"]) {
    writeFileSync(join(root, "new"), contents);
    moveIntoPlace(join(root, "new"), join(root, "demo.svg"));
  }
  expect(readFileSync(join(root, "demo.svg"), "utf8")).toBe("second");
  expect(readdirSync(root)).toEqual(["demo.svg"]);
});
