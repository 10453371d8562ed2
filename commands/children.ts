import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { constants } from "node:os";
import { onEnd } from "./end.ts";

/**
 * Starts a program that is killed when this process ends. It gets a process group of its own. So Ctrl+C does not reach
 * it twice, and everything that it starts is killed with it.
 */
export function startChild(program: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const child = spawn(program, [...args], { ...options, detached: true });
  let isRunning = true;
  child.once("exit", () => {
    isRunning = false;
  });
  onEnd(() => {
    if (isRunning && child.pid !== undefined) killGroup(child.pid);
  });
  return child;
}

/**
 * Runs a program to its end. It writes to this process's output.
 *
 * @returns its exit code, or 128 plus the number of the signal that ended it, as in shells
 * @throws the system's error if the program cannot start
 */
export function runChild(program: string, args: readonly string[], options: SpawnOptions = {}): Promise<number> {
  return endOf(startChild(program, args, { stdio: ["ignore", "inherit", "inherit"], ...options }));
}

/** Waits for a child of {@link startChild} to end. @returns and throws as {@link runChild} */
export function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // ESRCH: the process has already ended.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
