import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { runChild } from "../commands/children.ts";
import { onEnd } from "../commands/end.ts";
import { openWorkspace } from "../commands/workspace.ts";

const ROOT = ".local/python";

/**
 * Installs a requirements file into a virtual environment in .local, unless that was done before. Needs Python >= 3.10.
 *
 * A virtual environment cannot be moved. Each is made in a folder of this process, and a link to it appears when it is
 * complete. So an interrupted run leaves no incomplete environment, and two runs at the same time do not conflict.
 *
 * @returns the path of the environment
 * @throws Error if Python or pip fails
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
  // Another run was faster. This environment is removed when the process ends.
  if (existsSync(link)) return link;
  const fresh = join(openWorkspace("python"), name);
  symlinkSync(basename(home), fresh);
  // This may replace a link that another run has just made. Both environments are complete.
  renameSync(fresh, link);
  isWhole = true;
  return link;
}

async function must(program: string, args: readonly string[]): Promise<void> {
  const code = await runChild(program, args);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}`);
}
