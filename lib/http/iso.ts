import type { Instant } from "../domain/time.ts";

/** Returns a moment as answers write it: ISO 8601, UTC; null if there is none. */
export function isoOrNull(at: Instant | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString();
}
