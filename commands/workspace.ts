import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { onEnd } from "./end.ts";

const ROOT = ".local/runs";

/**
 * A folder for this run of a command alone, which is gone when the process ends. What killed processes have left is
 * removed first.
 */
export function openWorkspace(command: string): string {
  mkdirSync(ROOT, { recursive: true });
  for (const name of readdirSync(ROOT)) {
    if (!isRunning(Number(name.split("-").at(-1)))) rmSync(join(ROOT, name), { recursive: true, force: true });
  }
  const folder = join(ROOT, `${command}-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  onEnd(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/**
 * Puts a result of a workspace where people look for it, in place of an earlier one. Nobody sees a half of it: a file or
 * folder is renamed as a whole, and of two runs at once the last one stays.
 */
export function moveIntoPlace(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  const earlier = `${from}.earlier`;
  for (;;) {
    if (wasRenamed(from, to, "ENOTEMPTY")) return;
    if (wasRenamed(to, earlier, "ENOENT")) rmSync(earlier, { recursive: true, force: true });
  }
}

/** @returns false if the system refuses it for the expected reason */
function wasRenamed(from: string, to: string, expected: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === expected) return false;
    throw error;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It runs, as somebody else.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
