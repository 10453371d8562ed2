import * as z from "zod";
import type { Bundle } from "../.ci/bundle/bundle.ts";
import { COLD_LOAD_GOALS, type ColdLoad } from "./cold-load.ts";
import { FIRST_REQUEST_GOAL, type FirstRequest } from "./first-request.ts";
import type { Sample } from "./sample.ts";
import { CPU_GOALS, PATH_GOALS, type Stack } from "./stack.ts";
import { TRIPS } from "./trips.ts";

/**
 * One figure of a run. `goal` is the most that it may be. An exact figure is a count: two runs of the same code agree.
 * `spread`: the distance of the lowest of `runs` from the highest, as a part of the value.
 */
export const Figure = z.object({
  section: z.string(),
  name: z.string(),
  unit: z.string(),
  value: z.number(),
  isExact: z.boolean().default(false),
  goal: z.number().optional(),
  spread: z.number().optional(),
  runs: z.number().optional(),
});
export type Figure = z.infer<typeof Figure>;
type Part = Omit<Figure, "section" | "isExact"> & { isExact?: boolean };

const under = (section: string, parts: Part[]): Figure[] =>
  parts.map((part) => ({ section, ...part, isExact: part.isExact ?? false }));
const sampled = ({ median, spread, runs }: Sample) => ({ value: median, spread, runs });

export function bundleFigures(bundles: readonly Bundle[]): Figure[] {
  return under(
    "bundles",
    bundles.map(({ name, bytes }) => ({ name, unit: "bytes", value: bytes, isExact: true })),
  );
}

export function tripFigures(): Figure[] {
  const counts = Object.entries(TRIPS).flatMap(([path, byState]) =>
    Object.entries(byState).map(([how, value]) => ({ name: `${path}, ${how}`, unit: "trips", value, isExact: true })),
  );
  return under("trips one after the other, counted by test/functions/trips.integration.test.ts", counts);
}

export function coldLoadFigures(loads: readonly ColdLoad[]): Figure[] {
  const goals: Readonly<Record<string, number | undefined>> = COLD_LOAD_GOALS;
  return under(
    "cold load: instructions beside those of a plain handler of one table, built by esbuild's defaults",
    loads.map(({ name, ratio }) => {
      const goal = goals[name];
      return { name, unit: "of it", value: ratio, ...(goal === undefined ? {} : { goal }) };
    }),
  );
}

export function firstRequestFigures({ init, first, byDefault, ratio }: FirstRequest): Figure[] {
  return under(
    "loading at full speed, then the first request at the share of 256 MB; the plain handler makes three calls",
    [
      { name: "status, loading", unit: "ms", ...sampled(init) },
      { name: "status, first request", unit: "ms", ...sampled(first) },
      { name: "plain handler, loading", unit: "ms", ...sampled(byDefault.init) },
      { name: "plain handler, first request", unit: "ms", ...sampled(byDefault.first) },
      { name: "both of status", unit: "of both of the plain handler", value: ratio, goal: FIRST_REQUEST_GOAL },
    ],
  );
}

export function stackFigures(stack: Stack): Figure[] {
  const { path, getItemMs, loads, drain, sweep, growth, memory, logBytes } = stack;
  const goals: Readonly<Record<string, number | undefined>> = CPU_GOALS;
  const cpuGoal = (name: string) => (goals[name] === undefined ? {} : { goal: goals[name] });
  return [
    ...under(
      "the critical path with a table of 50 ms and a Chapa of 200 ms",
      path.map(({ name, ms }) => ({ name, unit: "ms", ...sampled(ms), goal: PATH_GOALS[name] })),
    ),
    ...under("the local cloud, everything in one process", [
      { name: "one GetItem, 16 in flight", unit: "ms of CPU", ...sampled(getItemMs) },
      ...loads.flatMap(({ path: name, inFlight, perSecond, p50, p99, cpu }): Part[] => [
        { name: `${name}, ${inFlight} in flight`, unit: "a second", ...sampled(perSecond) },
        { name: `${name}, ${inFlight} in flight, half of them within`, unit: "ms", ...sampled(p50) },
        { name: `${name}, ${inFlight} in flight, 99 % of them within`, unit: "ms", ...sampled(p99) },
        {
          name: `${name}, ${inFlight} in flight, CPU`,
          unit: "GetItems",
          ...sampled(cpu),
          ...(inFlight === 16 ? cpuGoal(name) : {}),
        },
      ]),
      { name: "webhooks until all are informed", unit: "a second", ...sampled(drain.perSecond) },
      { name: "a webhook until all are informed, CPU", unit: "GetItems", ...sampled(drain.cpu), ...cpuGoal("webhook") },
      ...sweep.map(({ due, seconds }) => ({ name: `sweep of ${due} due`, unit: "s", value: seconds })),
      ...growth.map(({ stored, cpu }) => ({
        name: `status beside ${stored} payments, CPU`,
        unit: "GetItems",
        value: cpu,
      })),
      { name: "heap before", unit: "MB", value: memory.beforeMb },
      { name: `heap after ${memory.calls} calls`, unit: "MB", value: memory.afterMb },
    ]),
    ...under(
      "bytes of the records of one call",
      logBytes.map(({ path: name, bytes }) => ({ name, unit: "bytes", value: bytes })),
    ),
  ];
}

/** Returns a table of the figures, each beside the one that was recorded, if there is one. */
export function tableOf(figures: readonly Figure[], recorded: readonly Figure[] = []): string {
  const lines: string[] = [];
  let section = "";
  for (const figure of figures) {
    if (figure.section !== section) lines.push("", figure.section);
    section = figure.section;
    lines.push(
      lineOf(
        figure,
        recorded.find(({ name, unit }) => name === figure.name && unit === figure.unit),
      ),
    );
  }
  return lines.join("\n");
}

/** Returns the exact figures that differ from the recorded ones. */
export function differing(figures: readonly Figure[], recorded: readonly Figure[]): Figure[] {
  return figures.filter(
    ({ isExact, name, unit, value }) =>
      isExact && recorded.some((other) => other.name === name && other.unit === unit && other.value !== value),
  );
}

function lineOf({ name, unit, value, goal, spread, runs }: Figure, before: Figure | undefined): string {
  const parts = [
    `  ${name.padEnd(44)} ${shown(value).padStart(9)} ${unit}`,
    goal === undefined ? "" : `goal ${shown(goal)}${value > goal ? ", missed" : ""}`,
    runs === undefined ? "" : `${runs} runs, spread ${Math.round((spread ?? 0) * 100)} %`,
    before === undefined ? "" : `recorded ${shown(before.value)} (${change(before.value, value)})`,
  ];
  return parts.filter(Boolean).join("; ");
}

function shown(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 3 : 1);
}

function change(before: number, now: number): string {
  const percent = ((now - before) / (before || 1)) * 100;
  return `${percent >= 0 ? "+" : ""}${percent.toFixed(1)} %`;
}
