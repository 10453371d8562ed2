import { startsInLambda } from "../contract/env.ts";

/**
 * Does while a function starts what its first call would otherwise do: Lambda gives a start a whole processor, and a call
 * only the share of its memory. A failure is not remembered, so the first call does the same again. Anywhere else than in
 * Lambda nothing happens.
 */
export async function prime(...reads: (() => Promise<unknown>)[]): Promise<void> {
  if (startsInLambda()) await Promise.allSettled(reads.map((read) => read()));
}
