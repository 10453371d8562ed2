import * as z from "zod";
import { faultsOfStage } from "../lib/contract/env.ts";
import type { StageConfig } from "./config.ts";

/** The configuration of a stage cannot work; nothing is synthesised. */
class StageRefused extends Error {}

const Settings = z.strictObject({
  pageTargets: z.array(z.string()),
  ticketTargets: z.array(z.string()),
  runbookUrl: z.string(),
  values: z.record(z.string(), z.string()),
});

/** The stage with the settings of a file in place of its own. @throws ZodError, or as `withValues` does */
export function withSettings(config: StageConfig, json: unknown): StageConfig {
  const { values, ...settings } = Settings.parse(json);
  return withValues({ ...config, ...settings }, values);
}

/** The stage with some values of the environment in place of its own. @throws StageRefused at a name that no function reads */
export function withValues(config: StageConfig, values: Record<string, string>): StageConfig {
  const unknown = Object.keys(values).filter((name) => !(name in config.values));
  if (unknown.length > 0) throw new StageRefused(`No function reads ${unknown.join(", ")}.`);
  return { ...config, values: { ...config.values, ...values } };
}

const HttpsUrl = z.url().startsWith("https://");
const Target = z.union([z.email(), HttpsUrl]);
const PLACEHOLDER = /\.invalid(?![\w-]|\.\w)/i;

/**
 * Refuses what would deploy without an error and then reach nobody.
 * @throws StageRefused with one sentence for each wrong setting
 */
export function requireUsable(config: StageConfig): void {
  const { stage, pageTargets, ticketTargets, runbookUrl, values } = config;
  const faults = [...pageTargets, ...ticketTargets]
    .filter((target) => !Target.safeParse(target).success)
    .map((target) => `${target} is neither an e-mail address nor an https address, so no alarm can be sent to it.`);
  if (stage === "prod" && values.EXPECTED_MODE === "test") {
    faults.push("EXPECTED_MODE is test: set it to live, because prod takes real money.");
  }
  if (!HttpsUrl.safeParse(runbookUrl).success) faults.push("runbookUrl is not an https address.");
  if (stage === "prod" && pageTargets.length === 0) {
    faults.push("pageTargets is empty: set it to the addresses of the people who answer alarms.");
  }
  if (stage !== "dev") {
    const settings = { ...values, pageTargets: pageTargets.join(), ticketTargets: ticketTargets.join(), runbookUrl };
    const placeholders = Object.entries(settings).filter(([, value]) => PLACEHOLDER.test(value));
    faults.push(...placeholders.map(([name]) => `${name} still ends in .invalid: set it to the address of the stage.`));
  }
  faults.push(...faultsOfStage(values));
  if (faults.length > 0) throw new StageRefused(`The stage ${stage} is not ready:\n${faults.join("\n")}`);
}
