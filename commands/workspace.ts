import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { onEnd } from "./end.ts";

const ROOT = ".local/runs";

/**
 * Creates a folder that only this process uses and that is removed when the process ends. Also removes the folders that
 * killed processes have left.
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
 * Moves a file or folder of a workspace to its final place and replaces an earlier one. A rename is atomic, so readers
 * never see an incomplete result. If two runs move at the same time, the last one wins.
 */
export function moveIntoPlace(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  const earlier = `${from}.earlier`;
  for (;;) {
    if (wasRenamed(from, to, "ENOTEMPTY")) return;
    if (wasRenamed(to, earlier, "ENOENT")) rmSync(earlier, { recursive: true, force: true });
  }
}

/** @returns false if the rename fails with the expected code @throws the system's error for any other code */
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
    // EPERM: it runs as another user.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
