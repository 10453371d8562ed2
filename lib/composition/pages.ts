import type { Env } from "../contract/env.ts";
import type { Around } from "../http/pages/frame.ts";

/** What every page for payers ends with: the front end's own address, and whom a payer may ask. */
export function aroundPages(env: Pick<Env, "FRONTEND_ORIGINS" | "SUPPORT_CONTACT">): Around {
  return { site: env.FRONTEND_ORIGINS[0], support: env.SUPPORT_CONTACT };
}
