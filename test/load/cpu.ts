import { readFileSync } from "node:fs";
import { SECOND_MS } from "../../lib/domain/time.ts";

/** Seconds of CPU, and the time in seconds at which they were read. */
export type Cpu = { seconds: number; at: number };

// The kernel counts in hundredths of a second on every Linux of today.
const TICKS_A_SECOND = 100;
// After the name of the program, which may contain spaces: user time and system time.
const TIMES = /\) .(?: -?\d+){10} (\d+) (\d+)/;

/** What a process and the processes that it started have used so far. Only Linux tells. */
export function cpuOf(pid: number): Cpu {
  return { seconds: ticksOf(pid) / TICKS_A_SECOND, at: performance.now() / SECOND_MS };
}

function ticksOf(pid: number): number {
  const [, user, system] = TIMES.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  return Number(user) + Number(system) + children.reduce((sum, child) => sum + ticksOf(child), 0);
}

/** The memory of a process in megabytes, without that of the processes that it started. */
export function memoryOf(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Math.round(Number(kilobytes) / 1024);
}
