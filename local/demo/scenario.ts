import type { Finding } from "./checks.ts";
import type { Outcome } from "./outcome.ts";
import type { Stage } from "./stage.ts";

/** One story with an end that can be checked. */
export type Scenario = {
  name: string;
  /** What happens, in a sentence. */
  title: string;
  /** Settings that the story needs, as they would stand in the environment. */
  settings?: Record<string, string>;
  play(stage: Stage): Promise<void>;
  /** What it proves. Reads nothing but the outcome, so that it can be shown to fail. */
  check(outcome: Outcome): Finding[];
};
