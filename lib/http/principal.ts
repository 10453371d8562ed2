import { createHash, timingSafeEqual } from "node:crypto";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { jwtVerify } from "jose";
import * as z from "zod";
import { type Access, accessOf } from "../contract/routes.ts";
import { type ApiKey, PROGRAM_CALLS_PER_MINUTE } from "../contract/secrets.ts";
import { Unauthenticated } from "../domain/errors.ts";
import { Uuid } from "../domain/ids.ts";
import type { Principal, ServicePrincipal, UserPrincipal } from "../domain/principal.ts";
import { header } from "./endpoint.ts";
import { Forbidden } from "./errors.ts";

/** What authenticates callers: the secrets that may have signed a token, and the keys of programs. */
export type Credentials = { jwtSecrets: readonly string[]; apiKeys: readonly ApiKey[] };

export type AuthenticatePorts = {
  /**
   * `get` returns the known credentials; `renewed` reads them again after none fitted, because they may have been
   * rotated.
   */
  credentials: { get: () => Promise<Credentials>; renewed: () => Promise<Credentials> };
  /** Returns the user of a token that is signed and not expired; undefined if User Management refuses it. */
  confirm: (token: string, claims: UserPrincipal, expiresAt: number) => Promise<UserPrincipal | undefined>;
};

const TOKEN_LIMIT_BYTES = 8 * 1024;
// How far ahead of ours the clock of User Management may be.
const CLOCK_TOLERANCE_SECONDS = 5;
const KEY_LIMIT_BYTES = 256;
const optional = z
  .string()
  .nullish()
  .transform((text) => text ?? undefined);
const Claims = z.object({
  sub: Uuid,
  role: z.string().min(1),
  exp: z.number(),
  email: optional,
  phone_number: optional,
  preferred_language: optional,
});
const Signed = z.object({ iam: z.object({ userArn: z.string().min(1) }) });

/**
 * Returns the caller of a route that is not public, as `lib/contract/routes.ts` allows. A route that is not listed
 * there refuses every caller.
 * @throws Unauthenticated (401), Forbidden (403), DependencyUnavailable
 */
export async function authenticate(event: APIGatewayProxyEventV2, ports: AuthenticatePorts): Promise<Principal> {
  const access = accessOf(event.routeKey);
  if (!access || access.kind === "public") throw new Forbidden("This route accepts no caller.");
  const principal = await callerOf(event, access.kind, ports);
  const roles = principal.kind === "user" ? [principal.role] : principal.roles;
  if (access.roles && !access.roles.some((role) => roles.includes(role))) {
    throw new Forbidden(`This needs the role ${access.roles.join(" or ")}.`);
  }
  return principal;
}

function callerOf(
  event: APIGatewayProxyEventV2,
  kind: Exclude<Access["kind"], "public">,
  ports: AuthenticatePorts,
): Promise<Principal> | Principal {
  if (kind === "iam") return signedCaller(event);
  const authorization = header(event, "authorization");
  const key = header(event, "x-api-key");
  // A token names a person, who may do less than a program. With both, the token counts.
  if (kind === "bearer-or-key" && key !== undefined && authorization === undefined)
    return authenticateApiKey(key, ports);
  return bearer(authorization, ports);
}

/**
 * Authenticates a user by their token. The token is checked here first, so that a malformed, expired or foreign token
 * costs no call to User Management.
 */
async function bearer(authorization: string | undefined, ports: AuthenticatePorts): Promise<UserPrincipal> {
  const token = /^Bearer ([\x21-\x7e]+)$/i.exec(authorization ?? "")?.[1];
  if (!token || token.length > TOKEN_LIMIT_BYTES) throw new Unauthenticated("Not authenticated");
  const { exp, sub, ...claims } = await withRotatedSecret(ports, ({ jwtSecrets }) => claimsOf(token, jwtSecrets));
  const claimed: UserPrincipal = {
    kind: "user",
    userId: sub,
    role: claims.role.toLowerCase(),
    email: claims.email,
    phone: claims.phone_number,
    language: claims.preferred_language,
  };
  const user = await ports.confirm(token, claimed, exp * 1000);
  if (!user || user.userId !== sub) throw new Unauthenticated("Could not validate credentials");
  return { ...user, role: user.role.toLowerCase() };
}

/**
 * Returns what `find` finds with the known credentials, else with the renewed ones.
 * @throws Unauthenticated if neither fits
 */
async function withRotatedSecret<Found>(
  { credentials }: AuthenticatePorts,
  find: (known: Credentials) => Promise<Found | undefined> | Found | undefined,
): Promise<Found> {
  const known = await credentials.get();
  const found = await find(known);
  if (found !== undefined) return found;
  const renewed = await credentials.renewed();
  const later = renewed === known ? undefined : await find(renewed);
  if (later !== undefined) return later;
  throw new Unauthenticated("Could not validate credentials");
}

/** Returns the claims of a token; undefined if no secret fits. A refresh token has no role, so it is not accepted. */
async function claimsOf(token: string, secrets: readonly string[]): Promise<z.output<typeof Claims> | undefined> {
  for (const secret of secrets) {
    try {
      const { payload } = await jwtVerify(token, new TextEncoder().encode(secret), {
        algorithms: ["HS256"],
        requiredClaims: ["sub", "exp", "role"],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
      });
      const claims = Claims.parse(payload);
      // The tolerance is for a token that begins to be valid. It lets no token live longer.
      if (claims.exp * 1000 > Date.now()) return claims;
    } catch {
      // The next secret may fit. The reason is not for callers.
    }
  }
  return undefined;
}

async function authenticateApiKey(key: string, ports: AuthenticatePorts): Promise<ServicePrincipal> {
  if (key.length > KEY_LIMIT_BYTES) throw new Unauthenticated("Could not validate credentials");
  const given = createHash("sha256").update(key).digest();
  const { name, roles, calls_per_minute } = await withRotatedSecret(ports, ({ apiKeys }) => {
    // All keys are compared, so that the time reveals nothing about them.
    const [holder] = apiKeys.filter(({ sha256 }) => timingSafeEqual(given, Buffer.from(sha256, "hex")));
    return holder;
  });
  return { kind: "service", name, roles, callsPerMinute: calls_per_minute };
}

/**
 * Returns the program that signed the request. API Gateway has verified the signature and wrote the identity into the
 * event, where callers cannot write.
 */
function signedCaller(event: APIGatewayProxyEventV2): ServicePrincipal {
  const context: object = event.requestContext;
  const signed = Signed.safeParse("authorizer" in context ? context.authorizer : undefined).data;
  if (!signed) throw new Forbidden("This needs a signed request.");
  const callsPerMinute = PROGRAM_CALLS_PER_MINUTE;
  return { kind: "service", name: signed.iam.userArn, roles: ["service"], callsPerMinute };
}
