import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { constants } from "node:os";
import { onEnd } from "./end.ts";

/**
 * Starts a program that ends with this process: in a group of its own, so that Ctrl+C reaches it once, with everything
 * that it starts in turn.
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
 * Runs a program to its end, with this process's output.
 *
 * @returns its exit code; as shells do, 128 and the number of the signal that ended it
 * @throws the system's error if it cannot be started
 */
export function runChild(program: string, args: readonly string[], options: SpawnOptions = {}): Promise<number> {
  return endOf(startChild(program, args, { stdio: ["ignore", "inherit", "inherit"], ...options }));
}

/** The exit code of a child that {@link startChild} has started. */
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
    // It has ended by itself in the meantime.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
