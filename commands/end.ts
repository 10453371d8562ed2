import { constants } from "node:os";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const tasks: (() => void)[] = [];

/** Runs `task` when this process ends, also by Ctrl+C or a signal. Later tasks run first. */
export function onEnd(task: () => void): void {
  if (tasks.length === 0) listen();
  tasks.unshift(task);
}

function listen(): void {
  process.on("exit", () => {
    for (const task of tasks) task();
  });
  for (const signal of SIGNALS) process.once(signal, () => process.exit(128 + constants.signals[signal]));
}
