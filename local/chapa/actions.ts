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

/** An action that cannot be done: 422 for one that makes no sense at all, 409 for one that comes at the wrong time. */
export class ActionRefused extends Error {
  readonly status: 409 | 422;

  constructor(status: 409 | 422, message: string) {
    super(message);
    this.status = status;
  }
}

// What a form leaves empty was not said.
const said = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (value === "" || value === null ? undefined : value), schema.optional());

/**
 * How exactly to act. `amount` is birr; `seconds` is how long, on the clock, until what is announced happens;
 * `reference` picks one of several captures.
 */
const Params = z.object({
  phone: said(z.string()),
  method: said(z.enum(METHODS)),
  amount: said(z.union([z.string(), z.number()])),
  currency: said(z.enum(CURRENCIES)),
  seconds: said(z.coerce.number().min(0).max(1e9)),
  outcome: said(z.enum(["success", "failure"])),
  reference: said(z.string()),
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

/** Where the payer's browser goes next: back to the merchant, or nowhere. */
export type Leaves = "paid" | "cancelled" | null;

/**
 * Reads `{action, ...params}` of a form or of JSON.
 * @throws ActionRefused 422 naming what is wrong, and the actions that exist
 */
export function parseAct({ action: asked, ...rest }: Fields): { action: Action; params: ActParams } {
  const action = ACTIONS.find((known) => known === asked);
  if (!action) throw new ActionRefused(422, `no action ${JSON.stringify(asked)}; there are: ${ACTIONS.join(", ")}`);
  const params = Params.safeParse(rest);
  if (params.success) return { action, params: params.data };
  const [issue] = params.error.issues;
  throw new ActionRefused(422, `${issue?.path.join(".")}: ${issue?.message}`);
}
