import type { Finding } from "./checks.ts";
import type { Outcome } from "./outcome.ts";
import type { Stage } from "./stage.ts";

/** One story and the checks of its outcome. */
export type Scenario = {
  name: string;
  /** What happens, in one sentence. */
  title: string;
  /** Settings of the story, as environment variables. */
  settings?: Record<string, string>;
  play(stage: Stage): Promise<void>;
  /** Checks the claims. It reads only the outcome, so that a test can show that each check can fail. */
  check(outcome: Outcome): Finding[];
};
