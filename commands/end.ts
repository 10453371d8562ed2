import { constants } from "node:os";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const tasks: (() => void)[] = [];

/** Does something when this process ends, also when Ctrl+C or a signal ends it. Those that are given last come first. */
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
