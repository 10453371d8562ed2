import { setTimeout as pause } from "node:timers/promises";

const LIMIT_MS = 60_000;
const INTERVAL_MS = 10;

/** Returns once `condition` is true. @throws Error after a minute in which it never was */
export async function waitUntil(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const endsAt = performance.now() + LIMIT_MS; performance.now() < endsAt; ) {
    if (await condition()) return;
    await pause(INTERVAL_MS);
  }
  throw new Error(`not true within a minute: ${condition}`);
}
