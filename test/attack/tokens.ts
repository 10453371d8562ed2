import { createHmac, createSign, generateKeyPairSync } from "node:crypto";

export type Claims = Record<string, unknown>;
type Header = Record<string, unknown>;

const b64 = (value: unknown) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

function signed(secret: string, claims: unknown, header: Header = {}, algorithm = "sha256"): string {
  const body = `${b64({ alg: "HS256", typ: "JWT", ...header })}.${b64(claims)}`;
  return `${body}.${createHmac(algorithm, secret).update(body).digest("base64url")}`;
}

const RSA = generateKeyPairSync("rsa", { modulusLength: 2048 });

/** Tokens that differ from a valid one in one thing that must be refused, by the name of that thing. */
export function attacksOn(secret: string, valid: Claims, now: number): Record<string, string> {
  const good = signed(secret, valid);
  const [header = "", payload = "", signature = ""] = good.split(".");
  const seconds = Math.floor(now / 1000);
  const without = (...names: string[]) =>
    Object.fromEntries(Object.entries(valid).filter(([name]) => !names.includes(name)));
  const with_ = (change: Claims) => signed(secret, { ...valid, ...change });
  const unsigned = (alg: unknown) => `${b64({ alg, typ: "JWT" })}.${payload}.`;
  const headed = (change: Header) => signed(secret, valid, change);
  const rs256 = () => {
    const body = `${b64({ alg: "RS256", typ: "JWT" })}.${payload}`;
    return `${body}.${createSign("RSA-SHA256").update(body).sign(RSA.privateKey).toString("base64url")}`;
  };
  const publicKeyAsSecret = () => signed(String(RSA.publicKey.export({ type: "spki", format: "pem" })), valid);
  const swapped = `${header}.${b64({ ...valid, role: "admin" })}.${signature}`;
  const nested = `{"sub":${"[".repeat(2000)}${"]".repeat(2000)}}`;
  return {
    "alg none": unsigned("none"),
    "alg None": unsigned("None"),
    "alg NONE": unsigned("NONE"),
    "alg empty": unsigned(""),
    "alg missing": `${b64({ typ: "JWT" })}.${payload}.${signature}`,
    "alg as a list": headed({ alg: ["HS256"] }),
    "alg in lower case": headed({ alg: "hs256" }),
    "alg null": headed({ alg: null }),
    "HS384 with the same secret": signed(secret, valid, { alg: "HS384" }, "sha384"),
    "HS512 with the same secret": signed(secret, valid, { alg: "HS512" }, "sha512"),
    "HS512 named, HS256 made": headed({ alg: "HS512" }),
    "RS256 with a key of its own": rs256(),
    "RS256 named, HS256 made": headed({ alg: "RS256" }),
    "ES256 named, HS256 made": headed({ alg: "ES256" }),
    "ES256 with a signature of zeros": `${b64({ alg: "ES256" })}.${payload}.${b64("\0".repeat(64))}`,
    "signed with a public key as the secret": publicKeyAsSecret(),
    "signed with another secret": signed("another-secret-of-nobody", valid),
    "signed with an empty secret": signed("", valid),
    "signed with the word secret": signed("secret", valid),
    "signed with the secret in upper case": signed(secret.toUpperCase(), valid),
    "signature left out": `${header}.${payload}.`,
    "signature left out with its dot": `${header}.${payload}`,
    "signature cut short": good.slice(0, -4),
    "signature with a bit flipped": `${header}.${payload}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`,
    "signature of another token": `${header}.${payload}.${signed(secret, { ...valid, sub: valid["sub"], x: 1 }).split(".")[2]}`,
    "signature twice": `${good}.${signature}`,
    "payload swapped for an administrator's": swapped,
    "header swapped": `${b64({ alg: "HS256", typ: "JWT", kid: "x" })}.${payload}.${signature}`,
    "kid that walks the file system, signed with nothing": signed("", valid, { kid: "../../../../dev/null" }),
    "kid with SQL, signed with its result": signed("x", valid, { kid: "x' UNION SELECT 'x" }),
    "a key of its own in the header": signed("mine", valid, { jwk: { kty: "oct", k: b64("mine") } }),
    "a key to fetch (jku)": signed("mine", valid, { jku: "https://evil.invalid/keys" }),
    "a certificate to fetch (x5u)": signed("mine", valid, { x5u: "https://evil.invalid/cert" }),
    "a certificate of its own (x5c)": signed("mine", valid, { x5c: ["MIIB"] }),
    "crit for something unknown": headed({ crit: ["exp-not-needed"], "exp-not-needed": true }),
    "crit empty": headed({ crit: [] }),
    "crit as text": headed({ crit: "exp" }),
    "b64 false": headed({ b64: false, crit: ["b64"] }),
    "exp over": with_({ exp: seconds - 60 }),
    "exp as text": with_({ exp: String(seconds + 3600) }),
    "exp null": with_({ exp: null }),
    "exp missing": signed(secret, without("exp")),
    "exp as a list": with_({ exp: [seconds + 3600] }),
    "nbf in the future": with_({ nbf: seconds + 3600 }),
    "nbf as text": with_({ nbf: "now" }),
    "iat as text": with_({ iat: "yesterday" }),
    "sub missing": signed(secret, without("sub")),
    "sub empty": with_({ sub: "" }),
    "sub no UUID": with_({ sub: "admin" }),
    "sub as a list": with_({ sub: [valid["sub"]] }),
    "sub as a number": with_({ sub: 7 }),
    "role missing, as in a refresh token": signed(
      secret,
      without("role", "email", "phone_number", "preferred_language"),
    ),
    "role empty": with_({ role: "" }),
    "role as a list": with_({ role: ["owner", "admin"] }),
    "role null": with_({ role: null }),
    "payload a list": signed(secret, [valid]),
    "payload text": signed(secret, '"owner"'),
    "payload a number": signed(secret, "7"),
    "payload null": signed(secret, "null"),
    "payload no JSON": signed(secret, "{sub:"),
    "payload nested two thousand deep": signed(secret, nested),
    "payload with __proto__": signed(secret, '{"__proto__":{"sub":"x","role":"admin"}}'),
    "an encrypted token": `${b64({ alg: "dir", enc: "A256GCM" })}..${b64("iv")}.${b64("text")}.${b64("tag")}`,
    "an encrypted token under a password": `${b64({ alg: "PBES2-HS256+A128KW", enc: "A256GCM", p2c: 2147483647, p2s: "x" })}.x.x.x.x`,
    "standard base64": good
      .replaceAll("-", "+")
      .replaceAll("_", "/")
      .replace(/\.([^.]*)$/, "./+$1"),
    "a tail": `${good}garbage`,
    "a NUL in it": `${good.slice(0, 10)}%00${good.slice(10)}`,
    "dots of another alphabet": good.replaceAll(".", "%E3%80%82"),
    "nothing but dots": "..",
    "one letter": "a",
    "eight kibibytes of letters": "a".repeat(8 * 1024),
    "eight kibibytes of claims, signed by nobody": signed("nobody", { ...valid, more: "x".repeat(5600) }),
  };
}
