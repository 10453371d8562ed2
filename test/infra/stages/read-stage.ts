import { readFileSync } from "node:fs";
import { STAGES, type StageConfig, type StageName } from "../../../infra/config.ts";
import { withSettings } from "../../../infra/settings.ts";

/** A stage as an operator would set it up: `dev` as it is shipped, the others with the settings of their file here. */
export function readStage(name: StageName): StageConfig {
  if (name === "dev") return STAGES.dev;
  return withSettings(STAGES[name], JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), "utf8")));
}
