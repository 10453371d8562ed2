import type { Quota } from "../domain/errors.ts";

/** Returns the caller's rate limit as headers of draft-ietf-httpapi-ratelimit-headers-11; times are in seconds. */
export function quotaHeaders({ name, limit, windowSeconds, remaining, resetSeconds }: Quota): Record<string, string> {
  return {
    ratelimit: `"${name}";r=${remaining};t=${resetSeconds}`,
    "ratelimit-policy": `"${name}";q=${limit};w=${windowSeconds}`,
  };
}
