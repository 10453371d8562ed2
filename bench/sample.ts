/** A figure of several runs: its median, and the distance of the lowest from the highest as a part of it. */
export type Sample = { median: number; spread: number; runs: number };

export function sampleOf(values: readonly number[]): Sample {
  const sorted = [...values].sort((one, other) => one - other);
  const median = quantile(sorted, 0.5);
  const spread = ((sorted.at(-1) ?? 0) - (sorted[0] ?? 0)) / (median || 1);
  return { median, spread, runs: values.length };
}

/** Returns the value below which `share` of the sorted values lie. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
