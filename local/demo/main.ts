import "../process-clock.ts";

import { parseArgs } from "node:util";
import { EnvironmentInvalid } from "../../lib/contract/env.ts";
import { SettingsInvalid } from "../settings.ts";
import { type Played, play, SCENARIOS } from "./play.ts";
import { headline, paint, story, verdict, whileWorking } from "./print.ts";
import type { Scenario } from "./scenario.ts";

const NAMES = SCENARIOS.map(({ name }) => name);
const HELP = `Plays a payment from beginning to end against the whole service, and checks how it ended.

  npm run demo                       pays one listing fee and tells the story
  npm run demo -- --scenario NAME    another story
  npm run demo -- --all              every story, each with what it proves
  npm run demo -- --all --stories    … and its timeline

Scenarios:
${SCENARIOS.map(({ name, title }) => `  ${name.padEnd(22)} ${title}`).join("\n")}
`;

class BadOption extends Error {}

type Options = { scenarios: readonly Scenario[]; stories: boolean };

async function main(): Promise<boolean> {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") {
    process.stdout.write(HELP);
    return true;
  }
  process.env["POWERTOOLS_LOG_LEVEL"] ??= "SILENT";
  process.env["POWERTOOLS_METRICS_DISABLED"] ??= "true";
  const played: Played[] = [];
  for (const scenario of options.scenarios) {
    const one = await whileWorking(`${scenario.name}: ${scenario.title}`, () => play(scenario, process.env));
    played.push(one);
    process.stdout.write(`${options.stories ? story(one) : headline(one)}\n${verdict(one)}\n`);
  }
  return summary(played);
}

function summary(played: readonly Played[]): boolean {
  const failed = played.filter(({ findings }) => findings.length === 0 || findings.some(({ holds }) => !holds));
  const claims = played.reduce((count, { findings }) => count + findings.length, 0);
  const names = failed.map(({ scenario }) => scenario.name).join(", ");
  process.stdout.write(
    failed.length === 0
      ? `${paint("green", "All good:")} ${played.length} of ${NAMES.length} scenarios played, ${claims} claims hold.\n`
      : `${paint("red", "Not good:")} ${names}\n`,
  );
  return failed.length === 0;
}

function readOptions(args: string[]): Options | "help" {
  const values = parsed(args);
  if (values.help) return "help";
  if (values.all && values.scenario) throw new BadOption("--all and --scenario do not go together");
  if (values.all) return { scenarios: SCENARIOS, stories: values.stories ?? false };
  const name = values.scenario ?? "pay";
  const scenario = SCENARIOS.find((known) => known.name === name);
  if (!scenario) throw new BadOption(`there is no scenario "${name}"; there are: ${NAMES.join(", ")}`);
  return { scenarios: [scenario], stories: true };
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        scenario: { type: "string" },
        all: { type: "boolean" },
        stories: { type: "boolean" },
        help: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    throw new BadOption(error instanceof Error ? error.message : String(error));
  }
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  const isExpected = [BadOption, EnvironmentInvalid, SettingsInvalid].some((kind) => error instanceof kind);
  process.stderr.write(`${error instanceof Error ? (isExpected ? error.message : error.stack) : error}\n`);
  process.exitCode = isExpected ? 2 : 1;
}
