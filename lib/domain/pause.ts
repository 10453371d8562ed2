import type { Instant } from "./time.ts";
import type { Closed } from "./vocabulary.ts";

/** Who did something, why and when. */
export type Act = { by: string; reason: string; at: Instant };

/**
 * What the row of a table says: the name of the table and the fingerprint of the namespace. `paused` is over at `until`, or
 * when a person resumes; `resumed` is the last time that one did.
 */
export type TableFacts = {
  table: string;
  namespace: string;
  paused?: (Act & { until?: Instant | undefined }) | undefined;
  resumed?: Act | undefined;
};

/** What stops payments and refunds, if anything does. `facts` are absent if the row is, or cannot be read. */
export type Stop = { closed: Closed | undefined; facts: TableFacts | undefined };
