import type { ApiObserver } from "../../local/api-gateway.ts";
import type { CloudOptions } from "../../local/cloud.ts";
import { Stage } from "../../local/demo/stage.ts";
import { readSettings } from "../../local/settings.ts";
import { unlikeItsDescription } from "./openapi.ts";

/** Holds every answer that it hears against the API's description; `check` throws when one differs. */
export function answersAsDescribed(): { observeApi: ApiObserver; check: () => void } {
  const unlike = new Set<string>();
  return {
    observeApi: (exchange) => {
      const difference = unlikeItsDescription(exchange);
      if (difference) unlike.add(difference);
    },
    check: () => {
      if (unlike.size > 0) throw new Error(`answers unlike their description:\n${[...unlike].join("\n")}`);
    },
  };
}

/** A running cloud whose every answer must be as it is described; what differs fails the tests when it is closed. */
export async function openStage(
  settings: Record<string, string> = {},
  options: Pick<CloudOptions, "profile" | "seed"> = {},
): Promise<Stage> {
  const { observeApi, check } = answersAsDescribed();
  const stage = await Stage.open(readSettings(settings), { ...options, observeApi });
  const close = stage.close.bind(stage);
  stage.close = async () => {
    await close();
    check();
  };
  return stage;
}
