import type { Target } from "../engine.ts";
import { API_KEY, JWT_SECRET, keyInvariant, signedToken, tokenInvariant } from "../invariants/authentication.ts";
import {
  cursorInvariant,
  formInvariant,
  initiateInvariant,
  listRequestInvariant,
  OWNER,
  PROGRAM,
  webhookInvariant,
} from "../invariants/http.ts";
import { lines } from "./chapa.ts";

const USER = "6f1d2f0e-54a1-4c7e-9d54-0d6a4b0f1c11";
const PROPERTY = "0b0a7c1e-3c1f-4f27-8a52-6f2f5f0f7a22";
const WORDS = [
  USER,
  PROPERTY,
  ...'urn:uuid: { } - " : , [ ] null true "amount": "user_id": "property_id": "request_id":'.split(" "),
  ...'"purpose": "customer":{ "currency":"ETB" listing_fee boost 500 500.00 450 5e2 -0 1e400'.split(" "),
  ..."__proto__ constructor toString".split(" "),
  "\\u0000",
  "\ufeff",
  "\n",
];
const BODY = `{"request_id":"${PROPERTY}","property_id":"${PROPERTY}","user_id":"${USER}","amount":500.00,"currency":"ETB","purpose":"listing_fee","customer":{"email":"a@b.et","phone_number":"+251911000000","full_name":"A","preferred_language":"am"}}`;
const EXPIRES = 4_102_444_800;
const CLAIMS = `{"sub":"${USER}","role":"owner","email":"a@b.et","iat":1700000000,"exp":${EXPIRES}}`;
const HEADER = '{"alg":"HS256","typ":"JWT"}';

const field = (name: string) => `Content-Disposition: form-data; name="${name}"\r\n\r\n`;

const isOdd = (input: Buffer) => ((input[0] ?? 0) & 1) === 1;

/** What callers send: bodies, queries, headers, tokens. */
export const HTTP_TARGETS: readonly Target[] = [
  {
    // A line for the idempotency key, a line for the trace, then the body.
    name: "initiate request",
    seeds: [
      `\n\n${BODY}`,
      `${PROPERTY}\n00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\n${BODY}`,
      "key-1\n\n{}",
    ],
    words: WORDS,
    run: (input) => {
      const [key, trace, body] = lines(input);
      const headers = {
        ...(key.length > 0 ? { "idempotency-key": key.toString("utf8") } : {}),
        ...(trace.length > 0 ? { traceparent: trace.toString("utf8") } : {}),
      };
      const isBase64Encoded = body[0] === 0xff;
      const text = isBase64Encoded ? body.subarray(1).toString("base64") : body.toString("utf8");
      return initiateInvariant({ headers, body: text, isBase64Encoded }, isOdd(body) ? OWNER : PROGRAM);
    },
  },
  {
    name: "list request",
    seeds: [
      "limit=20&status=PENDING&from=2026-11-01&to=2026-11-24",
      `user_id=${USER}&from=2026-11-24T06:00:00Z&cursor=x.y`,
      "limit=0&to=9999-12-31T23:59:59.999+14:00",
    ],
    words: [
      ...WORDS,
      ..."limit= cursor= status= from= to= user_id= & = T Z +00:00 0000-01-01 9999-12-31 %00 100".split(" "),
    ],
    run: (input) =>
      listRequestInvariant(
        Object.fromEntries(new URLSearchParams(input.toString("utf8"))),
        isOdd(input) ? OWNER : PROGRAM,
      ),
  },
  {
    name: "cursor",
    seeds: ["WyJHODVGUjIzR0hXRk4zRE5GIiwxNzk1NTAwODAwMDAwXQ.AAAAAAAAAAAAAAAAAAAAAA", "."],
    words: [".", "=", "W10", "bnVsbA"],
    run: (input) => cursorInvariant(input.toString("utf8"), [null]),
  },
  {
    name: "form",
    seeds: ["username=a%40b.et&password=secret&grant_type=password", "username=&username=x&__proto__=y"],
    words: ["username=", "password=", "&", "=", "%", "+", "__proto__=", "constructor="],
    run: (input) =>
      formInvariant({
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: isOdd(input) ? input.toString("base64") : input.toString("utf8"),
        isBase64Encoded: isOdd(input),
      }),
  },
  {
    name: "multipart form",
    seeds: [
      `--X\r\n${field("username")}a@b.et\r\n--X\r\n${field("password")}secret\r\n--X--\r\n`,
      `\ufeff--X\r\n${field("__proto__")}y\r\n--X\r\n${field('x"; filename="y')}z\r\n--X--`,
    ],
    words: [
      "--X",
      "--X--",
      "\r\n",
      "\r\n\r\n",
      "name=",
      "filename=",
      "charset=",
      "Content-Type: text/plain\r\n",
      '"',
      ";",
    ],
    run: (input) =>
      formInvariant({
        headers: { "content-type": "multipart/form-data; boundary=X" },
        body: input.toString("base64"),
        isBase64Encoded: true,
      }),
  },
  {
    name: "webhook body",
    seeds: [
      '{"event":"charge.success","tx_ref":"G85FR23GHWFN3DNF00BV","status":"success"}',
      "trx_ref=G85FR23GHWFN3DNF00BV&ref_id=AP1&status=success",
      '{"trx_ref":"","tx_ref":7}',
    ],
    words: [...WORDS, '"tx_ref":', '"trx_ref":', "tx_ref=", "trx_ref=", "&", "="],
    run: (input) =>
      webhookInvariant({
        headers: {},
        body: isOdd(input) ? input.toString("base64") : input.toString("utf8"),
        isBase64Encoded: isOdd(input),
      }),
  },
  {
    name: "token as sent",
    seeds: [`Bearer ${signedToken(HEADER, CLAIMS)}`, `bearer ${signedToken('{"alg":"none"}', CLAIMS)}`, "Basic abc"],
    words: ["Bearer ", ".", "=", "eyJhbGciOiJub25lIn0", "e30", "bnVsbA", "_", "+", "/"],
    run: (input) => tokenInvariant(input.toString("utf8"), Date.now()),
  },
  {
    // Any header and claims with a valid signature, as a holder of the secret can send.
    name: "token signed",
    seeds: [`${HEADER}\n\n${CLAIMS}`, `{"alg":"HS256"}\n\n{"sub":"${USER}","role":"Owner","exp":1,"nbf":5}`],
    words: [
      ...'"alg": HS256 none "crit":["b64"] "b64":false "exp": "nbf": "role": "sub": owner 1e309'.split(" "),
      ...WORDS,
      String(EXPIRES),
    ],
    run: (input) => {
      const [header, , claims] = lines(input);
      return tokenInvariant(
        `Bearer ${signedToken(header.toString("utf8"), claims.toString("utf8"), JWT_SECRET)}`,
        Date.now(),
      );
    },
  },
  {
    name: "program's key",
    seeds: [API_KEY, API_KEY.toUpperCase(), ""],
    words: ["rk_live_", " ", "\u0000"],
    run: (input) => keyInvariant(input.toString("utf8")),
  },
];
