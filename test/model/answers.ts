import type { Setting } from "./effects.ts";
import { isCaptured, type S, txAt } from "./state.ts";

/**
 * What Chapa may answer to verify, other than that it was paid. `unpaid`: in words that we know. `readable`: in others,
 * which do not speak of money. `maybe money`: in others, which do.
 */
export type Answer = "unpaid" | "readable" | "maybe money";

/** Answers that let a checkout be left, as `isNotMoney` of lib/domain/evidence.ts says. */
export function answersWithoutMoney(setting: Setting, s: S, at: number): readonly Answer[] {
  const { maybeMoneyHolds } = setting.rules;
  return answers(setting, s, at).filter((answer) => answer !== "maybe money" || !maybeMoneyHolds);
}

export function mayBeMoney(setting: Setting, s: S, at: number): boolean {
  return answers(setting, s, at).includes("maybe money");
}

function answers({ bounds }: Setting, s: S, at: number): readonly Answer[] {
  const { words } = bounds.chapa;
  if (!isCaptured(txAt(s, at))) return words ? ["unpaid", "readable"] : ["unpaid"];
  if (!words) return [];
  return s.world.odd === "now" ? ["maybe money", "readable"] : ["maybe money"];
}
