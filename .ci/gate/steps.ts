import { availableParallelism } from "node:os";

/** One command of a long run. */
export type Step = {
  /** What it shows, in a few words. Its output file is named after it. */
  name: string;
  /** A program and its arguments. */
  command: readonly [string, ...string[]];
  env?: Readonly<Record<string, string>>;
  /** How many cores it uses. Steps run at the same time as long as there are enough cores. */
  cores: number;
  /** Programs that it, or a part of it, needs. */
  needs?: readonly string[];
  /** No other step starts before it has passed. */
  first?: true;
  /** Finds its figures in its output, if they are not the last paragraph. */
  figure?: RegExp;
};

const ALL = Math.max(2, availableParallelism());

const script = (name: string, ...args: string[]): readonly [string, ...string[]] => [
  "npm",
  "run",
  "-s",
  name,
  ...(args.length > 0 ? ["--", ...args] : []),
];

/** The line of vitest's summary with the number of tests. */
const TESTS = /^\s*Tests +(.*)$/m;

/** The line of the model with the number of transitions. */
const MODEL = /^(\d+ transitions of the table .*)$/m;

/** Tests that try a few cases in `npm test`, and all of them here. */
const IN_FULL: readonly Step[] = [
  {
    name: "600 random payments",
    command: script("test", "truth"),
    env: { TRUTH_RUNS: "200" },
    cores: 1,
    figure: TESTS,
  },
  {
    name: "forged webhooks, races and lost answers in full",
    command: script("test", "test/attack/webhooks", "test/chaos/races", "test/chaos/lost-answers"),
    env: { FORGED_WEBHOOKS: "300", RACE_FEES: "20", LOST_RUNS: "40" },
    cores: 1,
    figure: TESTS,
  },
];

/** What a change must pass. @param seed of the first simulated run @param since the commit to compare files with */
export function gateSteps(seed: number, since: string): readonly Step[] {
  return [
    {
      name: "lint and types",
      command: ["npm", "exec", "-c", "biome ci . && tsc && tsc -p client && tsc -p examples && tsc -p console"],
      cores: ALL,
      first: true,
    },
    { name: "cloud template", command: script("synth"), cores: ALL, needs: ["python3"], first: true },
    { name: "the exact counts of speed", command: script("bench", "--quick"), cores: 1 },
    { name: "template of staging", command: synthOf("staging"), cores: 1 },
    { name: "template of prod", command: synthOf("prod"), cores: 1 },
    {
      name: "tests",
      command: script("test", "--reporter=default", "--reporter=json", "--outputFile.json=.local/tests.json"),
      cores: ALL,
      needs: ["redis-server", "script", "python3"],
      figure: TESTS,
    },
    {
      name: "10,000 simulated runs",
      command: script("sim", "--schedules", "10000", "--seed", String(seed)),
      cores: ALL,
    },
    {
      name: "deliberate faults",
      command: script("sim", "--mutants", "--schedules", "4000", "--quick"),
      cores: ALL,
    },
    { name: "orders of the races", command: script("sim", "--exhaustive", "--limit", "6000"), cores: ALL },
    { name: "single faults of every story", command: script("sim", "--sweep", "--singles"), cores: ALL },
    { name: "what the tests notice of the changed files", command: script("mutation", "--changed", since), cores: ALL },
    ...IN_FULL,
    {
      name: "200 killed processes",
      command: script("chaos", "--kills", "200", "--payments", "200"),
      cores: 1,
      needs: ["faketime"],
    },
    { name: "every story", command: script("demo", "--all"), cores: 1 },
    {
      name: "pages in a browser",
      command: script("test:browser", "--reporter=default"),
      cores: 1,
      needs: ["chromium"],
      figure: TESTS,
    },
    {
      name: "the API against its own description",
      command: script("fuzz"),
      cores: 1,
      needs: ["python3"],
      figure: /^ *(\d+ generated, .*)$/m,
    },
    { name: "the client package", command: script("client"), cores: 1 },
    {
      name: "deployed into an emulated cloud",
      command: script("test:deploy"),
      cores: 1,
      needs: ["python3"],
      figure: /^.*(all good.*)$/m,
    },
    { name: "500 payments through one local cloud", command: script("load", "--payments", "500"), cores: 1 },
    {
      name: "a burst of 400 webhooks and 200 due payments",
      command: script("load", "--shape", "burst", "--webhooks", "400", "--due", "200"),
      cores: 1,
    },
    { name: "two minutes of load", command: script("soak", "--minutes", "2"), cores: 1 },
    { name: "the model, quick form", command: script("model", "--quick"), cores: 1, figure: MODEL },
    {
      name: "Ctrl+C, 20 times on each engine",
      command: script("test", "test/local/terminal"),
      env: { CTRL_C_RUNS: "20" },
      cores: 1,
      needs: ["script"],
      figure: TESTS,
    },
  ];
}

/** As an operator would set the stage up: with its shipped settings it refuses. */
function synthOf(stage: string): readonly [string, ...string[]] {
  const settings = `test/infra/stages/${stage}.json`;
  return [
    "npm",
    "exec",
    "-c",
    `cdk synth --quiet -c stage=${stage} -c settings=${settings} --output .local/cdk.${stage}`,
  ];
}

/** Every story is a step of its own, so that a stopped proof repeats as little as possible. */
export function proofSteps(stories: readonly string[]): readonly Step[] {
  return [
    { name: "tests", command: script("test"), cores: ALL, needs: ["redis-server", "script"], figure: TESTS },
    { name: "100,000 simulated runs", command: script("sim", "--schedules", "100000"), cores: ALL },
    { name: "deliberate faults", command: script("sim", "--mutants"), cores: ALL },
    { name: "every order of the races", command: script("sim", "--exhaustive"), cores: ALL },
    ...stories.map((story) => ({
      name: `every pair of faults: ${story}`,
      command: script("sim", "--sweep", "--story", story),
      cores: ALL,
    })),
    { name: "the model", command: script("model"), cores: 1, figure: MODEL },
    ...IN_FULL,
    {
      name: "1,000 killed processes",
      command: script("chaos", "--kills", "1000", "--payments", "1000"),
      cores: 1,
      needs: ["faketime"],
    },
    { name: "deliberate faults of killed processes", command: script("chaos", "--deliberate"), cores: 1 },
    { name: "20,000 payments through one local cloud", command: script("load"), cores: ALL },
    {
      name: "a burst of 10,000 webhooks and 5,000 due payments",
      command: script("load", "--shape", "burst"),
      cores: ALL,
    },
    { name: "half an hour of load", command: script("soak", "--minutes", "30"), cores: 1 },
    {
      name: "100 callers for each of 1,000 fees",
      command: script("races", "--keys", "1000", "--parallel", "100"),
      cores: 1,
    },
    { name: "parsers", command: script("fuzz:parsers", "--execs", "500000"), cores: 1 },
    { name: "what the tests notice", command: script("mutation"), cores: ALL },
  ];
}
