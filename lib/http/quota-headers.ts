import type { Quota } from "../domain/errors.ts";

/** What a caller reads about their limit, as draft-ietf-httpapi-ratelimit-headers-11 writes it; times in seconds. */
export function quotaHeaders({ name, limit, windowSeconds, remaining, resetSeconds }: Quota): Record<string, string> {
  return {
    ratelimit: `"${name}";r=${remaining};t=${resetSeconds}`,
    "ratelimit-policy": `"${name}";q=${limit};w=${windowSeconds}`,
  };
}
