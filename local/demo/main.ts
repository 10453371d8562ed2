import "../process-clock.ts";
import "../silent-functions.ts";

import { Command } from "../../commands/command.ts";
import { flag, optionalChoice } from "../../commands/options.ts";
import { EnvironmentInvalid } from "../../lib/contract/env.ts";
import { SettingsInvalid } from "../settings.ts";
import { type Played, play, SCENARIOS } from "./play.ts";
import { headline, paint, story, verdict, whileWorking } from "./print.ts";

const NAMES = SCENARIOS.map(({ name }) => name);
const command = new Command({
  name: "npm run demo",
  summary: "Plays one payment from beginning to end against the whole service, and checks the result.",
  duration: "5 seconds for one story; 2 minutes for all",
  options: {
    scenario: optionalChoice("plays this story and prints its timeline (default pay)", NAMES),
    all: flag("plays every story and prints its checks"),
    stories: flag("also prints the timelines with --all"),
  },
  examples: {
    "npm run demo": "pays one listing fee and prints what happens",
    "npm run demo -- --scenario late": "plays another story",
    "npm run demo -- --all": "plays every story",
  },
  notes: `Scenarios:\n${SCENARIOS.map(({ name, title }) => `  ${name.padEnd(22)} ${title}`).join("\n")}`,
});

async function main(): Promise<boolean> {
  const { all, scenario, stories } = command.read();
  if (all && scenario !== undefined) return command.refuse("--all and --scenario cannot be combined.");
  const chosen = SCENARIOS.filter(({ name }) => all || name === (scenario ?? "pay"));
  const played: Played[] = [];
  for (const scenario of chosen) {
    const one = await whileWorking(`${scenario.name}: ${scenario.title}`, () => play(scenario, process.env));
    played.push(one);
    process.stdout.write(`${stories || !all ? story(one) : headline(one)}\n${verdict(one)}\n`);
  }
  return summary(played);
}

function summary(played: readonly Played[]): boolean {
  const failed = played.filter(({ findings }) => findings.length === 0 || findings.some(({ holds }) => !holds));
  const claims = played.reduce((count, { findings }) => count + findings.length, 0);
  const names = failed.map(({ scenario }) => scenario.name).join(", ");
  process.stdout.write(
    failed.length === 0
      ? `${paint("green", "All checks hold:")} ${played.length} of ${NAMES.length} scenarios played, ${claims} claims.\n`
      : `${paint("red", "Failed:")} ${names}\n`,
  );
  return failed.length === 0;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  const isExpected = [EnvironmentInvalid, SettingsInvalid].some((kind) => error instanceof kind);
  process.stderr.write(`${error instanceof Error ? (isExpected ? error.message : error.stack) : error}\n`);
  process.exitCode = isExpected ? 2 : 1;
}
