import { expect, test } from "vitest";
import { LOCAL_IDENTITY, signatureFor, signedBy } from "../../local/iam.ts";

const NOW = Date.UTC(2026, 10, 24, 9, 0, 0);
const URL_ = "http://127.0.0.1:8120/internal/v1/payments?limit=2&status=SUCCESS";
const STRANGER = { accessKeyId: "SOMEBODY", secretAccessKey: "else", userArn: "arn:aws:iam::1:user/x" };

async function aRequest(change: { at?: number; identity?: typeof LOCAL_IDENTITY; body?: string } = {}) {
  const { at = NOW, identity = LOCAL_IDENTITY, body = '{"a":1}' } = change;
  const url = new URL(URL_);
  const signature = await signatureFor(identity, { method: "POST", url: URL_, body }, at);
  return {
    method: "POST",
    path: url.pathname,
    query: url.searchParams,
    headers: { host: url.host, ...signature } as Record<string, string>,
    body: Buffer.from(body),
  };
}

test("a signed request is known to come from the identity that signed it", async () => {
  const signed = await signedBy(await aRequest(), [STRANGER, LOCAL_IDENTITY], NOW + 60_000);
  expect(signed?.iam).toMatchObject({ accessKey: LOCAL_IDENTITY.accessKeyId, userArn: LOCAL_IDENTITY.userArn });
});

test.each<[string, (request: Awaited<ReturnType<typeof aRequest>>) => object]>([
  ["with another body", () => ({ body: Buffer.from('{"a":2}') })],
  ["at another path", () => ({ path: "/internal/v1/payments/initiate" })],
  ["by another method", () => ({ method: "GET" })],
  ["with another query", () => ({ query: new URLSearchParams("limit=3&status=SUCCESS") })],
  ["at another host", ({ headers }) => ({ headers: { ...headers, host: "elsewhere" } })],
  ["with another date", ({ headers }) => ({ headers: { ...headers, "x-amz-date": "20261124T090001Z" } })],
  ["without a signature", ({ headers: { host } }) => ({ headers: { host } })],
  [
    "with a body that is not the one that its hash promises",
    ({ headers }) => ({ headers: { ...headers, "x-amz-content-sha256": "0".repeat(64) } }),
  ],
  [
    "with a signature cut short",
    ({ headers }) => ({ headers: { ...headers, authorization: headers["authorization"]?.slice(0, -1) } }),
  ],
  ["with another scheme", ({ headers }) => ({ headers: { ...headers, authorization: "Bearer abc" } })],
])("a signed request has no identity %s", async (_, change) => {
  const request = await aRequest();
  expect(await signedBy({ ...request, ...change(request) }, [LOCAL_IDENTITY], NOW)).toBeUndefined();
});

test("a signed request has no identity when a stranger signed it, when the key is not the signer's, or when it is old or from the future", async () => {
  const known = [LOCAL_IDENTITY];
  const thief = { ...LOCAL_IDENTITY, secretAccessKey: "guessed" };
  expect(await signedBy(await aRequest({ identity: STRANGER }), known, NOW)).toBeUndefined();
  expect(await signedBy(await aRequest({ identity: thief }), known, NOW)).toBeUndefined();
  expect(await signedBy(await aRequest({ at: NOW - 301_000 }), known, NOW)).toBeUndefined();
  expect(await signedBy(await aRequest({ at: NOW + 301_000 }), known, NOW)).toBeUndefined();
});
