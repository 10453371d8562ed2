import { jwtVerify, SignJWT } from "jose";
import * as z from "zod";

/** The claims of a user's access token. A refresh token has only `sub`. */
export type AccessClaims = {
  sub: string;
  role: string;
  email: string;
  phone_number: string | null;
  preferred_language: string | null;
};

const Claims = z.looseObject({ sub: z.string(), role: z.string().optional() });

/** Signs a token with the secret that all services share. Times in epoch ms. */
export function sign(claims: { sub: string }, secret: string, issuedAt: number, expiresAt: number): Promise<string> {
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setIssuedAt(Math.floor(issuedAt / 1000))
    .setExpirationTime(Math.floor(expiresAt / 1000))
    .sign(new TextEncoder().encode(secret));
}

/** The claims of a token. @returns undefined if its signature is wrong or it has expired at `now` (epoch ms) */
export async function read(token: string, secret: string, now: number) {
  try {
    const { payload } = await jwtVerify(token, new TextEncoder().encode(secret), {
      algorithms: ["HS256"],
      currentDate: new Date(now),
    });
    return Claims.parse(payload);
  } catch {
    return undefined;
  }
}
