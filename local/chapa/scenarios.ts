import { ACTIONS, type Action } from "./actions.ts";
import type { DeliveryPlan } from "./delivery-plan.ts";
import type { Order } from "./validate.ts";

/** What happens automatically to a checkout. `act` is the payer's action as soon as the checkout is open. */
export type Scenario = {
  act?: Action;
  plan?: DeliveryPlan;
  /** Initialize opens the checkout and never answers. */
  isInitializeLost?: true;
  /** For these seconds after initialize, verify answers 503. */
  verifyUnavailableSeconds?: number;
};

const BY_NAME = new Map<string, Scenario>(
  Object.entries({
    ...Object.fromEntries(ACTIONS.map((action): [string, Scenario] => [action, { act: action }])),
    late: { act: "pay-late" },
    "duplicate-webhooks": { act: "pay", plan: { duplicate: 2 } },
    "no-webhook": { act: "pay", plan: { dropAll: true } },
    "initialize-timeout": { isInitializeLost: true },
    "verify-503": { act: "pay", verifyUnavailableSeconds: 300 },
  }),
);

// The keys are the last two digits of the amount in santim.
const BY_CENTS: Record<number, string> = {
  1: "fail",
  2: "cancel",
  3: "abandon",
  4: "late",
  5: "wrong-amount",
  6: "duplicate-webhooks",
  7: "no-webhook",
  8: "fail-then-pay",
  9: "initialize-timeout",
  10: "verify-503",
};

/** The names for `first_name: "Sim-<name>"`. */
export const SCENARIO_NAMES: readonly string[] = [...BY_NAME.keys()];

/**
 * The scenario that an order selects by `first_name`, or else by the cents of its amount. Tests that can use only the
 * API select scenarios in this way.
 */
export function scenarioOf(order: Order): Scenario | undefined {
  const named = /^Sim-([\w-]+)$/i.exec(order.firstName ?? "")?.[1]?.toLowerCase();
  const name = named ?? BY_CENTS[order.amount % 100];
  return name === undefined ? undefined : BY_NAME.get(name);
}
