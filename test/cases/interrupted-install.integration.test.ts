import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

// Stands for python3 and for the python of an environment. Where it is asked to hang, it says so in a file, until that
// file is removed.
const PYTHON = `#!/bin/sh
case "$*" in
  *venv*) step=venv; for home; do :; done; mkdir -p "$home/bin"; cp "$0" "$home/bin/python" ;;
  *) step=pip; home="$(dirname "$0")/.." ;;
esac
if [ "$HANGS_AT" = "$step" ]; then touch hangs; while [ -e hangs ]; do sleep 0.1; done; exit 1; fi
if [ $step = pip ]; then touch "$home/installed"; fi
`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "interrupted-install-"));
  mkdirSync(join(folder, "programs"));
  writeFileSync(join(folder, "programs/python3"), PYTHON);
  chmodSync(join(folder, "programs/python3"), 0o755);
  writeFileSync(join(folder, "requirements.txt"), "cfn-lint\n");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function install(hangsAt: "venv" | "pip" | "never"): ChildProcess {
  const code = `import { pythonEnvironment } from ${JSON.stringify(resolve(".ci/python.ts"))};
console.log(await pythonEnvironment("tools", "requirements.txt"));`;
  return spawn(process.execPath, ["--input-type=module", "--eval", code], {
    cwd: folder,
    env: { ...process.env, PATH: `${join(folder, "programs")}:${process.env["PATH"]}`, HANGS_AT: hangsAt },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
}

/** Where a run that is not interrupted says that the environment is. */
async function installed(): Promise<string> {
  const child = install("never");
  let said = "";
  child.stdout?.on("data", (chunk) => {
    said += String(chunk);
  });
  const [code] = await once(child, "exit");
  expect(code).toBe(0);
  return said.trim();
}

test.each([
  ["while it makes the environment", "venv", "SIGKILL"],
  ["while pip installs", "pip", "SIGKILL"],
  ["by Ctrl+C while pip installs", "pip", "SIGINT"],
] as const)("an install that is interrupted %s breaks no later one", async (_, hangsAt, signal) => {
  const child = install(hangsAt);
  const ended = once(child, "exit");
  await vi.waitFor(() => expect(existsSync(join(folder, "hangs"))).toBe(true), { timeout: 60_000 });
  process.kill(-Number(child.pid), signal);
  await ended;
  const environment = await installed();
  expect(existsSync(join(environment, "installed"))).toBe(true);
  expect(readFileSync(join(environment, "bin/python"), "utf8")).toBe(PYTHON);
});
