import type { AuthSecret } from "../contract/secrets.ts";
import { SharedRedis } from "../redis/shared-redis.ts";
import { systemClock } from "../runtime/clock.ts";
import { log } from "../runtime/logger.ts";
import type { Secret } from "../runtime/secrets.ts";

const redisBySecret = new WeakMap<Secret<AuthSecret>, SharedRedis>();

/** Returns one Redis for each secret in a process, so that all its users share one pause after a failure. */
export function createRedis(secret: Secret<AuthSecret>): SharedRedis {
  const known = redisBySecret.get(secret);
  if (known) return known;
  const redis = new SharedRedis(
    async () => {
      const { upstash_url: url, upstash_token: token } = await secret.get();
      return url && token ? { url, token } : undefined;
    },
    systemClock,
    log,
  );
  redisBySecret.set(secret, redis);
  return redis;
}

export function createHashKey(secret: Secret<AuthSecret>): () => Promise<string> {
  return async () => (await secret.get()).cursor_key;
}
