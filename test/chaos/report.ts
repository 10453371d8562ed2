import { INVARIANTS } from "../invariants/catalogue.ts";
import type { Ending } from "./testbed.ts";

export const say = (text: string) => process.stdout.write(`${text}\n`);

/** Prints the part of the report that all runs share. @returns whether nothing was wrong and something was paid */
export function reportEnding({ host, stats, states, captures, violations }: Ending): boolean {
  say(`answers: ${listOf(stats.answers)}`);
  say(`workers' records: ${listOf(host.records)}`);
  say(`states: ${listOf(Object.entries(states))}`);
  for (const { invariant, of, how, story } of violations)
    say(`\nBROKEN: ${invariant}: ${INVARIANTS[invariant]}\n  ${of}: ${how}\n${story}`);
  for (const last of host.deaths) say(`A WORKER CRASHED: ${last}`);
  // A run without a capture has not tested the invariants about money.
  if (captures === 0) say("NOTHING WAS PAID");
  return captures > 0 && violations.length === 0 && host.deaths.length === 0;
}

export function listOf(counts: Iterable<[string, number]>): string {
  const all = [...counts].sort(([one], [other]) => (one < other ? -1 : 1));
  return all.map(([name, count]) => `${name} ×${count}`).join(", ") || "none";
}
