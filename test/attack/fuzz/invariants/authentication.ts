import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { Unauthenticated } from "../../../../lib/domain/errors.ts";
import type { Principal } from "../../../../lib/domain/principal.ts";
import { Forbidden } from "../../../../lib/http/errors.ts";
import { type AuthenticatePorts, authenticate } from "../../../../lib/http/principal.ts";
import { anEvent } from "../../../support/events.ts";
import { demand, demandCleanPrototypes, digitsOf, orRefusedLater, own, plainly, textOf } from "./broken.ts";

export const JWT_SECRET = "shared-by-the-siblings";
export const API_KEY = "rk_live_0123456789abcdef0123456789abcdef";
const ROUTE = "POST /api/v1/payments/initiate";
const ROLES = ["owner", "service"];

// Only the token decides, as while User Management is down.
const PORTS: AuthenticatePorts = {
  credentials: (() => {
    const known = {
      jwtSecrets: [JWT_SECRET],
      apiKeys: [
        {
          name: "listing",
          sha256: createHash("sha256").update(API_KEY).digest("hex"),
          roles: ["service" as const],
          calls_per_minute: 120,
        },
      ],
    };
    return { get: async () => known, renewed: async () => known };
  })(),
  confirm: async (_token, claims) => claims,
};

/** A token with exactly this header and these claims, signed with the siblings' secret. */
export function signedToken(header: string, claims: string, secret = JWT_SECRET): string {
  const body = `${Buffer.from(header).toString("base64url")}.${Buffer.from(claims).toString("base64url")}`;
  return `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`;
}

/** An accepted token is valid in every part. This check reads it without the library under test. */
export async function tokenInvariant(authorization: string, nowMs: number): Promise<Principal | undefined> {
  const event = anEvent({ routeKey: ROUTE, headers: { authorization } });
  const principal = await orRefusedLater(() => authenticate(event, PORTS), Unauthenticated, Forbidden);
  demandCleanPrototypes();
  if (principal === undefined) return undefined;
  const [header = "", claims = "", signature = "", ...rest] = authorization.replace(/^bearer /i, "").split(".");
  demand(rest.length === 0, "a token has three parts");
  const mac = createHmac("sha256", JWT_SECRET).update(`${header}.${claims}`).digest();
  const given = Buffer.from(signature, "base64url");
  demand(given.length === mac.length && timingSafeEqual(given, mac), "a token is signed with the siblings' secret");
  const [said, claimed] = [header, claims].map((part) =>
    plainly(new TextDecoder().decode(Buffer.from(part, "base64url"))),
  );
  demand(own(said, "alg") === "HS256", "a token names the one algorithm");
  const [sub, role, exp, nbf] = ["sub", "role", "exp", "nbf"].map((name) => own(claimed, name));
  demand(typeof exp === "number" && exp * 1000 > nowMs - 1_000, "a token has not ended");
  demand(nbf === undefined || (typeof nbf === "number" && nbf * 1000 <= nowMs + 60_000), "a token has begun");
  demand(principal.kind === "user" && digitsOf(textOf(sub)) === digitsOf(principal.userId), "a token names its user");
  demand(textOf(role).toLowerCase() === principal.role && ROLES.includes(principal.role), "a role is the token's own");
  return principal;
}

/** A program is accepted with its exact key only. */
export async function keyInvariant(key: string): Promise<void> {
  const event = anEvent({ routeKey: ROUTE, headers: { "x-api-key": key } });
  const principal = await orRefusedLater(() => authenticate(event, PORTS), Unauthenticated, Forbidden);
  demand((principal !== undefined) === (key === API_KEY), "the key opens, and nothing else does");
}

/** A signed program has the identity that AWS passes, and no other caller is one. */
export async function signedInvariant(authorizer: unknown, headers: Record<string, string>): Promise<void> {
  const event = anEvent({ routeKey: "POST /internal/v1/payments/initiate", headers });
  Object.assign(event.requestContext, { authorizer });
  const principal = await orRefusedLater(() => authenticate(event, PORTS), Unauthenticated, Forbidden);
  const arn = textOf(own(authorizer, "iam", "userArn"));
  demand((principal !== undefined) === (arn !== ""), "a signed program has a name that AWS gave");
  demand(
    principal === undefined || (principal.kind === "service" && principal.name === arn),
    "it is called by that name",
  );
}
