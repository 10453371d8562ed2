import type { AuthSecret } from "../contract/secrets.ts";
import { SharedRedis } from "../redis/shared-redis.ts";
import { systemClock } from "../runtime/clock.ts";
import { log } from "../runtime/logger.ts";
import type { Secret } from "../runtime/secrets.ts";

const redisBySecret = new WeakMap<Secret<AuthSecret>, SharedRedis>();

/** One Redis for everything in a process that needs it: what one finds out about it, the others know. */
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

export function hashKeyOf(secret: Secret<AuthSecret>): () => Promise<string> {
  return async () => (await secret.get()).cursor_key;
}
