import * as z from "zod";

const MINUTE_SECONDS = 60;

/** The part of an alarm of the template that decides about its state. */
export const EvaluatedAlarm = z.object({
  Threshold: z.number(),
  ComparisonOperator: z.enum(["LessThanThreshold", "GreaterThanOrEqualToThreshold"]),
  TreatMissingData: z.enum(["breaching", "notBreaching", "ignore"]),
  EvaluationPeriods: z.number(),
  DatapointsToAlarm: z.number(),
  Statistic: z.string().optional(),
  Period: z.number().optional(),
});
type EvaluatedAlarm = z.output<typeof EvaluatedAlarm>;

/**
 * Returns the state of an alarm after each minute, as CloudWatch evaluates it.
 * @param valueAt what a function published in a minute; undefined if nothing
 */
export function evaluate(
  alarm: EvaluatedAlarm,
  valueAt: (minute: number) => number | undefined,
  minutes: number,
): string[] {
  const { EvaluationPeriods, DatapointsToAlarm, TreatMissingData, Statistic, Period = MINUTE_SECONDS } = alarm;
  const length = Period / MINUTE_SECONDS;
  const states: string[] = [];
  const periods: (number | undefined)[] = [];
  for (let minute = 0; minute < minutes; minute++) {
    const value = valueAt(minute);
    const current = Math.floor(minute / length);
    const known = periods[current];
    periods[current] =
      value === undefined ? known : Statistic === "Sum" ? (known ?? 0) + value : Math.max(known ?? value, value);
    const window = Array.from({ length: EvaluationPeriods }, (_, back) => periods[current - back]);
    const isBefore = current + 1 < EvaluationPeriods && TreatMissingData === "breaching";
    const bad = window.filter((one) => (one === undefined ? TreatMissingData === "breaching" : isBad(alarm, one)));
    const isKept = TreatMissingData === "ignore" && window.every((one) => one === undefined);
    states.push(isKept || isBefore ? (states.at(-1) ?? "OK") : bad.length >= DatapointsToAlarm ? "ALARM" : "OK");
  }
  return states;
}

function isBad({ ComparisonOperator, Threshold }: EvaluatedAlarm, value: number): boolean {
  return ComparisonOperator === "LessThanThreshold" ? value < Threshold : value >= Threshold;
}
