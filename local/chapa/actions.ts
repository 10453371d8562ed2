import * as z from "zod";
import type { Fields } from "./fields.ts";
import { METHODS, type Method } from "./methods.ts";
import { CURRENCIES, type Currency } from "./money.ts";

export const ACTIONS = [
  "pay",
  "close-tab",
  "fail",
  "cancel",
  "abandon",
  "prompt",
  "pay-late",
  "pay-twice",
  "fail-then-pay",
  "wrong-amount",
  "wrong-currency",
  "live-test-mix",
  "reverse",
  "refund",
] as const;
export type Action = (typeof ACTIONS)[number];

/** An action that is refused: 422 if it is invalid, 409 if it is not possible in the present state. */
export class ActionRefused extends Error {
  readonly status: 409 | 422;

  constructor(status: 409 | 422, message: string) {
    super(message);
    this.status = status;
  }
}

// Forms send an empty text for an absent value.
const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (value === "" || value === null ? undefined : value), schema.optional());

/**
 * The parameters of an action. `amount` is in birr. `seconds` is the time on the clock until the result of a prompt, a
 * late payment or a reversal. `reference` selects one of several captures.
 */
const Params = z.object({
  phone: optional(z.string()),
  method: optional(z.enum(METHODS)),
  amount: optional(z.union([z.string(), z.number()])),
  currency: optional(z.enum(CURRENCIES)),
  seconds: optional(z.coerce.number().min(0).max(1e9)),
  outcome: optional(z.enum(["success", "failure"])),
  reference: optional(z.string()),
});
export type ActParams = {
  phone?: string | undefined;
  method?: Method | undefined;
  amount?: string | number | undefined;
  currency?: Currency | undefined;
  seconds?: number | undefined;
  outcome?: "success" | "failure" | undefined;
  reference?: string | undefined;
};

/** How the payer leaves the page. Null: they stay on it. */
export type Leaves = "paid" | "cancelled" | null;

/**
 * Reads `{action, ...params}` of a form or of JSON.
 * @throws ActionRefused 422, with a message that names the wrong field or lists the actions
 */
export function parseAct({ action: asked, ...rest }: Fields): { action: Action; params: ActParams } {
  const action = ACTIONS.find((known) => known === asked);
  if (!action) throw new ActionRefused(422, `no action ${JSON.stringify(asked)}; there are: ${ACTIONS.join(", ")}`);
  const params = Params.safeParse(rest);
  if (params.success) return { action, params: params.data };
  const [issue] = params.error.issues;
  throw new ActionRefused(422, `${issue?.path.join(".")}: ${issue?.message}`);
}
