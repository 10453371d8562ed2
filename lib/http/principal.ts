import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { jwtVerify } from "jose";
import * as z from "zod";
import type { FunctionName } from "../contract/functions.ts";
import { type Access, routeOf } from "../contract/routes.ts";
import { Forbidden, Unauthenticated } from "../domain/errors.ts";
import { Uuid } from "../domain/ids.ts";
import { header } from "./endpoint.ts";

/** Who calls, as User Management knows him now. */
export type Principal = {
  userId: Uuid;
  /** Lower case. */
  role: string;
  email: string | undefined;
  phone: string | undefined;
  language: string | undefined;
};

export type PrincipalPorts = {
  jwtSecret: () => Promise<string>;
  /** What the user service says of a token; undefined when it refuses it. */
  verify: (token: string) => Promise<Principal | undefined>;
};

const TOKEN_LIMIT_BYTES = 8 * 1024;
const Claims = z.object({ sub: Uuid, role: z.string().min(1) });

/**
 * The check at the door of a function's route.
 * @throws Error when the route is not for bearers: a function never opens itself wider than its route says
 */
export function bearerRoute(
  name: FunctionName,
  ports: PrincipalPorts,
): (event: APIGatewayProxyEventV2) => Promise<Principal> {
  const { access } = routeOf(name);
  if (access.kind !== "bearer") throw new Error(`the route of ${name} is not for bearers`);
  return (event) => principalOf(event, access, ports);
}

/**
 * The caller of a route that only bearers may use. The token is checked here first, so that nothing malformed, expired
 * or made for another purpose costs the user service a question.
 * @throws Unauthenticated (401), Forbidden (403), DependencyUnavailable
 */
async function principalOf(
  event: APIGatewayProxyEventV2,
  access: Extract<Access, { kind: "bearer" }>,
  ports: PrincipalPorts,
): Promise<Principal> {
  const token = bearerOf(header(event, "authorization"));
  const subject = await subjectOf(token, await ports.jwtSecret());
  const user = await ports.verify(token);
  if (!user || user.userId !== subject) throw new Unauthenticated("Could not validate credentials");
  const role = user.role.toLowerCase();
  if (access.roles && !access.roles.includes(role)) {
    throw new Forbidden(`This needs the role ${access.roles.join(" or ")}.`);
  }
  return { ...user, role };
}

/** Whether the caller may read this payment: its own, or any as an administrator. */
export function mayRead(principal: Principal, ownerId: Uuid | undefined): boolean {
  return principal.role === "admin" || principal.userId === ownerId;
}

function bearerOf(authorization: string | undefined): string {
  const token = /^Bearer ([\x21-\x7e]+)$/i.exec(authorization ?? "")?.[1];
  if (!token || token.length > TOKEN_LIMIT_BYTES) throw new Unauthenticated("Not authenticated");
  return token;
}

/** A refresh token carries no role, and so is none for us. */
async function subjectOf(token: string, secret: string): Promise<Uuid> {
  try {
    const { payload } = await jwtVerify(token, new TextEncoder().encode(secret), {
      algorithms: ["HS256"],
      requiredClaims: ["sub", "exp", "role"],
    });
    return Claims.parse(payload).sub;
  } catch (cause) {
    throw new Unauthenticated("Could not validate credentials", { cause });
  }
}
