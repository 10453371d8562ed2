import fc from "fast-check";
import { expect, test } from "vitest";
import { FEE } from "../../support/payments.ts";
import { amountText, anyJson, anyText, mostly, strangeJson, usually } from "./hostile.ts";
import {
  API_KEY,
  JWT_SECRET,
  keyInvariant,
  signedInvariant,
  signedToken,
  tokenInvariant,
} from "./invariants/authentication.ts";
import { holds, holdsOften } from "./settings.ts";

const now = Date.now();
const later = Math.floor(now / 1000) + 3_600;
const claims = mostly({
  sub: usually(FEE.userId, fc.uuid(), anyText, fc.constant([FEE.userId])),
  role: fc.oneof(usually("owner", anyText, fc.constant(["owner"])), fc.constantFrom("owner", "Owner", "service")),
  exp: usually(later, fc.double(), fc.integer(), amountText, fc.constant([later])),
  nbf: usually(later - 7_200, fc.double(), anyText),
  iat: usually(later - 7_200, fc.double(), anyText),
  email: anyText,
  phone_number: anyText,
});
const header = mostly({
  alg: usually("HS256", fc.constantFrom("none", "HS512", "hs256", "RS256"), anyText),
  typ: fc.constantFrom("JWT", "at+jwt", "jwt"),
  kid: anyText,
  crit: fc.constantFrom<unknown>(undefined, undefined, undefined, ["b64"], [], "exp"),
  b64: fc.constantFrom<unknown>(undefined, undefined, true, false),
});
const written = (value: fc.Arbitrary<unknown>) => {
  const text = value.map((one) => JSON.stringify(one) ?? "");
  return fc.oneof({ arbitrary: text, weight: 4 }, strangeJson(text), anyText);
};

test("a valid token authenticates its user", async () => {
  const token = signedToken('{"alg":"HS256"}', JSON.stringify({ sub: FEE.userId, role: "owner", exp: later }));
  expect(await tokenInvariant(`Bearer ${token}`, now)).toMatchObject({ kind: "user", userId: FEE.userId });
});

test("a token lets in only whom it names, by one algorithm, with our signature, within its time, whatever its parts hold", async () => {
  await holdsOften(3, [written(header), written(claims)], async (first, second) => {
    await tokenInvariant(`Bearer ${signedToken(first, second)}`, now);
  });
});

test("a token with a changed text means the same or is refused", async () => {
  const good = signedToken('{"alg":"HS256"}', JSON.stringify({ sub: FEE.userId, role: "owner", exp: later }));
  await holdsOften(2, [fc.nat(good.length), fc.nat(3), anyText], async (at, cut, text) => {
    await tokenInvariant(`Bearer ${good.slice(0, at)}${text}${good.slice(at + cut)}`, now);
  });
});

test("a token signed with anything but the secret is refused", async () => {
  await holds([anyText, written(claims)], async (secret, body) => {
    fc.pre(secret !== JWT_SECRET);
    expect(await tokenInvariant(`Bearer ${signedToken('{"alg":"HS256"}', body, secret)}`, now)).toBeUndefined();
  });
});

test("a token is read after the word Bearer only, and any other authorization is refused", async () => {
  await holds(
    [
      fc.oneof(
        anyText,
        anyText.map((text) => `Bearer ${text}`),
      ),
    ],
    async (text) => {
      expect(await tokenInvariant(text, now)).toBeUndefined();
    },
  );
});

test("a program is let in by its key, letter by letter, and by nothing that resembles it", async () => {
  const key = fc.oneof(
    anyText,
    fc.constantFrom(API_KEY, API_KEY.toUpperCase(), ` ${API_KEY}`, `${API_KEY}\u0000`, API_KEY.slice(1)),
  );
  await holds([key], (text) => keyInvariant(text));
});

test("a signing program is the identity that AWS verified; headers and odd contexts change nothing", async () => {
  const authorizer = fc.oneof(
    anyJson,
    mostly({ iam: mostly({ userArn: fc.oneof(fc.constant("arn:aws:iam::1:role/x"), anyText), accessKey: anyText }) }),
  );
  const headers = fc.record(
    { authorization: anyText, "x-api-key": fc.constantFrom(API_KEY, "") },
    { requiredKeys: [] },
  );
  await holds([authorizer, headers], (context, given) => signedInvariant(context, given));
});
