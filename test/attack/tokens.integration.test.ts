import { createHmac, randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROUTES, type Route } from "../../lib/contract/routes.ts";
import type { Stage } from "../../local/demo/stage.ts";
import { USERS } from "../../local/users.ts";
import { openStage } from "../support/stage.ts";
import { attacksOn } from "./tokens.ts";

const HOUR_SECONDS = 3600;

let stage: Stage;
let attacks: [string, string][];
let valid: string;
beforeAll(async () => {
  // The token alone decides: whatever is let in here would be let in while User Management is down.
  stage = await openStage({ TOKEN_VERIFY: "local", RATE_LIMIT_INITIATE: "1000000" });
  const now = stage.cloud.clock.now();
  const { id, role, email, phone, language } = USERS.owner;
  const seconds = Math.floor(now / 1000);
  const claims = {
    sub: id,
    role,
    email,
    phone_number: phone,
    preferred_language: language,
    iat: seconds,
    exp: seconds + HOUR_SECONDS,
  };
  attacks = Object.entries(attacksOn(stage.cloud.address.jwtSecret, claims, now));
  const body = [{ alg: "HS256", typ: "JWT" }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url"),
  );
  const signature = createHmac("sha256", stage.cloud.address.jwtSecret).update(body.join(".")).digest("base64url");
  valid = `${body.join(".")}.${signature}`;
});
afterAll(() => stage.close());

const LISTED: readonly Route[] = ROUTES;
const BEARER_ROUTES = LISTED.filter(({ access }) => access.kind === "bearer" || access.kind === "bearer-or-key");

async function call(method: string, path: string, token: string): Promise<number> {
  const filled = path.replace(/\{[^}]+\}/g, randomUUID());
  const response = await fetch(`${stage.cloud.address.api}${filled}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(method === "POST" ? { body: JSON.stringify({ property_id: randomUUID(), user_id: USERS.owner.id }) } : {}),
  });
  await response.arrayBuffer();
  return response.status;
}

test("there are at least 45 attacks, each another token", () => {
  expect(attacks.length).toBeGreaterThanOrEqual(45);
  expect(new Set(attacks.map(([, token]) => token)).size).toBe(attacks.length);
  expect(attacks.map(([, token]) => token)).not.toContain(valid);
});

describe.each(BEARER_ROUTES)("$method $path", ({ method, path }) => {
  test("the route accepts the valid token that the attacks are made from", async () => {
    expect(await call(method, path, valid)).not.toBe(401);
  });

  test("the route answers every attack with 401", async () => {
    const letIn: [string, number][] = [];
    for (const [name, token] of attacks) {
      const status = await call(method, path, token);
      if (status !== 401) letIn.push([name, status]);
    }
    expect(letIn).toEqual([]);
  });
});
