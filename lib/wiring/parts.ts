import { randomBytes } from "node:crypto";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { ChapaClient } from "../chapa/client.ts";
import { type Env, EnvironmentInvalid } from "../contract/env.ts";
import { AuthSecret, GatewaySecret } from "../contract/secrets.ts";
import type { Principal } from "../domain/principal.ts";
import { DAY_MS, MINUTE_MS } from "../domain/time.ts";
import { type Policy, parseLadder } from "../domain/verification-schedule.ts";
import { type AuthenticatePorts, authenticate, type Credentials } from "../http/principal.ts";
import { SharedLimiter } from "../redis/limiter.ts";
import { SharedRedis } from "../redis/shared-redis.ts";
import { VerifiedUsers } from "../redis/verified-users.ts";
import { call } from "../runtime/call.ts";
import { systemClock } from "../runtime/clock.ts";
import { log } from "../runtime/logger.ts";
import { count } from "../runtime/metrics.ts";
import { Secret } from "../runtime/secrets.ts";
import { confirmUser } from "../services/confirm-user.ts";
import { UserDirectory } from "../services/user-directory.ts";
import { UserManagement } from "../services/user-management.ts";
import { ContactTable } from "../table/contacts.ts";

/** When to verify, from the environment. @throws EnvironmentInvalid */
export function policyOf(
  env: Pick<Env, "RECHECK_LADDER" | "PAYMENT_TIMEOUT_DAYS" | "CHECKOUT_TTL_MINUTES" | "LISTING_HEARS_FAILED">,
): Policy {
  const ladderMs = parseLadder(env.RECHECK_LADDER);
  if (!ladderMs) throw new EnvironmentInvalid("RECHECK_LADDER is malformed: lengths of time that grow, like 2m,5m,1d");
  return {
    ladderMs,
    timeoutMs: env.PAYMENT_TIMEOUT_DAYS * DAY_MS,
    checkoutTtlMs: env.CHECKOUT_TTL_MINUTES * MINUTE_MS,
    listingHearsFailed: env.LISTING_HEARS_FAILED,
  };
}

export function gatewaySecretOf(env: Pick<Env, "GATEWAY_SECRET_ARN">): Secret<GatewaySecret> {
  return new Secret(env.GATEWAY_SECRET_ARN, GatewaySecret, systemClock, log);
}

export function chapaOf(
  env: Pick<Env, "CHAPA_BASE_URL" | "CHECKOUT_ORIGINS">,
  secret: Secret<GatewaySecret>,
): ChapaClient {
  return new ChapaClient({
    baseUrl: env.CHAPA_BASE_URL,
    checkoutOrigins: env.CHECKOUT_ORIGINS,
    secretKey: {
      get: async () => (await secret.get()).chapa_secret_key,
      renewed: async () => (await secret.renewed()).chapa_secret_key,
    },
    send: call,
  });
}

/** Where users are looked up for whom a program asks. */
export function directoryOf(
  env: Pick<Env, "USER_MANAGEMENT_URL" | "USER_LOOKUP_PATHS">,
  secret: Secret<GatewaySecret>,
): UserDirectory {
  const users = new UserManagement(env.USER_MANAGEMENT_URL, call);
  const signIn = async () => {
    const login = (await secret.get()).user_management_login;
    if (!login) return undefined;
    return (await users.login({ username: login.email, password: login.password }))?.access_token;
  };
  return new UserDirectory(env.USER_MANAGEMENT_URL, env.USER_LOOKUP_PATHS, signIn, call, systemClock);
}

export function contactsOf(
  client: DynamoDBDocumentClient,
  env: Pick<Env, "TABLE_NAME">,
  secret: Secret<GatewaySecret>,
): ContactTable {
  const keys = async () => {
    const { contact_key, contact_keys } = await secret.get();
    const decoded = Object.entries(contact_keys).map(([id, key]) => [id, Buffer.from(key, "base64")] as const);
    return { current: contact_key, keys: Object.fromEntries(decoded) };
  };
  return new ContactTable(client, env.TABLE_NAME, keys, randomBytes);
}

export function authSecretOf(env: Pick<Env, "AUTH_SECRET_ARN">): Secret<AuthSecret> {
  return new Secret(env.AUTH_SECRET_ARN, AuthSecret, systemClock, log);
}

/** Finds out who calls a route that is not public. */
export function createAuthenticate(
  env: Pick<Env, "USER_MANAGEMENT_URL" | "TOKEN_VERIFY">,
  secret: Secret<AuthSecret>,
): (event: APIGatewayProxyEventV2) => Promise<Principal> {
  const users = new UserManagement(env.USER_MANAGEMENT_URL, call);
  const cache = new VerifiedUsers(redisOf(secret), hashKeyOf(secret), systemClock);
  const ports: AuthenticatePorts = {
    credentials: {
      get: async () => credentialsOf(await secret.get()),
      renewed: async () => credentialsOf(await secret.renewed()),
    },
    confirm: (token, claims, expiresAt) =>
      confirmUser({ users, mode: env.TOKEN_VERIFY, cache }, token, claims, expiresAt),
  };
  return (event) => authenticate(event, ports);
}

/** A limit that all processes count together; `limit` is calls a minute. */
export function limiterOf(
  name: string,
  limit: number,
  whenUnknown: "open" | "closed",
  secret: Secret<AuthSecret>,
): SharedLimiter {
  const redis = redisOf(secret);
  return new SharedLimiter({ name, limit, whenUnknown, redis, hashKey: hashKeyOf(secret), clock: systemClock, count });
}

const redisBySecret = new WeakMap<Secret<AuthSecret>, SharedRedis>();

/** One Redis for everything in a process that needs it: what one finds out about it, the others know. */
function redisOf(secret: Secret<AuthSecret>): SharedRedis {
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

function hashKeyOf(secret: Secret<AuthSecret>): () => Promise<string> {
  return async () => (await secret.get()).cursor_key;
}

function credentialsOf({ jwt_secret, jwt_secret_previous, api_keys }: AuthSecret): Credentials {
  return { jwtSecrets: [jwt_secret, jwt_secret_previous ?? []].flat(), apiKeys: api_keys };
}
