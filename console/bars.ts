/** A bar of a chart, in units of its view box. */
export type Bar = { x: number; y: number; width: number; height: number; label: string };

export const CHART = { width: 640, height: 120 } as const;

/**
 * Returns one bar for each value; the largest is as high as the chart, and less than nothing has no bar.
 * @param values with what a person reads about each
 */
export function barsOf(values: readonly { value: number; label: string }[]): Bar[] {
  const largest = Math.max(0, ...values.map(({ value }) => value));
  const step = CHART.width / Math.max(values.length, 1);
  return values.map(({ value, label }, index) => {
    const height = largest === 0 ? 0 : Math.max(0, (value / largest) * CHART.height);
    return {
      x: round(index * step),
      y: round(CHART.height - height),
      width: round(step * 0.8),
      height: round(height),
      label,
    };
  });
}

function round(number: number): number {
  return Math.round(number * 100) / 100;
}
