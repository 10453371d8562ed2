import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { runChild } from "../commands/children.ts";
import { onEnd } from "../commands/end.ts";
import { openWorkspace } from "../commands/workspace.ts";

const ROOT = ".local/python";

/**
 * A Python environment of its own in .local, with exactly what a requirements file names. Needs Python >= 3.10.
 *
 * Environments cannot be moved. Each is made in a folder that nobody else uses, and its name is a link that appears when
 * it is whole: an interrupted run leaves no half of one, and two runs at once do not disturb each other.
 */
export async function pythonEnvironment(name: string, requirements: string): Promise<string> {
  const contents = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 12);
  const link = resolve(ROOT, `${name}-${contents}`);
  if (existsSync(link)) return link;
  const home = `${link}.${process.pid}`;
  let isWhole = false;
  onEnd(() => {
    if (!isWhole) rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  });
  mkdirSync(ROOT, { recursive: true });
  await must("python3", ["-m", "venv", "--clear", home]);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements];
  await must(`${home}/bin/python`, pip);
  // Somebody else was faster; this one goes away with the process.
  if (existsSync(link)) return link;
  const fresh = join(openWorkspace("python"), name);
  symlinkSync(basename(home), fresh);
  // In place of a link that has been made in this very moment: both lead to a whole environment.
  renameSync(fresh, link);
  isWhole = true;
  return link;
}

async function must(program: string, args: readonly string[]): Promise<void> {
  const code = await runChild(program, args);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}`);
}
