import { createHmac } from "node:crypto";
import type { Target } from "../engine.ts";
import {
  cancelInvariant,
  exactInvariant,
  initializeInvariant,
  listInvariant,
  signatureInvariant,
  verifyInvariant,
} from "../invariants/chapa.ts";

const WORDS = [
  ..."success failed pending refunded reversed failed/cancelled null true 500.00 1e2 0.001".split(" "),
  ...'__proto__ constructor toString "status": "data":{ "message": "amount": "tx_ref": " { } [ ] ,'.split(" "),
  ...': 9999999999.99 checkout_url https://checkout.chapa.co "transactions":['.split(" "),
  "\\u0073",
  "\\ud800",
  "\ufeff",
  "\\\\@",
  "not paid",
  "transaction not found",
  "already expired",
  "used before",
  "must not exceed",
];
const STATUSES = [200, 400, 401, 403, 404, 422, 429, 500, 502, 302];

const DETAILS =
  '{"message":"Payment details","status":"success","data":{"first_name":"Abebe","currency":"ETB","amount":500,"charge":17.5,"mode":"test","method":"telebirr","type":"API","status":"success","reference":"6jnheVKQEmy","tx_ref":"G85FR23GHWFN3DNF00BV"}}';

/** The first byte selects the status, the rest is the text. */
const replyOf = (input: Buffer) => ({
  status: STATUSES[(input[0] ?? 0) % STATUSES.length] ?? 200,
  text: input.subarray(1).toString("utf8"),
});
// A letter whose code leads to that status.
const at = (status: number, text: string) => `${String.fromCharCode(70 + STATUSES.indexOf(status))}${text}`;

const SECRETS = ["sim-webhook-secret", "previous-secret"];
const BODY = '{"event":"charge.success","tx_ref":"PAY0000000000000001","status":"success","amount":"500.00"}';
const hmac = (secret: string, content: string) => createHmac("sha256", secret).update(content).digest("hex");

/** What Chapa sends: answers, and webhooks with their signatures. */
export const CHAPA_TARGETS: readonly Target[] = [
  {
    name: "chapa verify",
    seeds: [
      at(200, DETAILS),
      at(200, DETAILS.replace('"status":"success","reference"', '"status":"refunded","reference"')),
      at(404, '{"message":"Payment not paid yet","status":null,"data":null}'),
      at(400, '{"message":"Invalid transaction reference","status":"failed","data":null}'),
      at(502, "<html>Bad gateway</html>"),
    ],
    words: WORDS,
    run: (input) => verifyInvariant(replyOf(input)),
  },
  {
    name: "chapa initialize",
    seeds: [
      at(
        200,
        '{"message":"Hosted Link","status":"success","data":{"checkout_url":"https://checkout.chapa.co/checkout/payment/V38ejWQhSpF"}}',
      ),
      at(400, '{"message":{"email":["validation.email"]},"status":"failed","data":null}'),
      at(400, '{"message":"Transaction reference has been used before","status":"failed","data":null}'),
      at(401, '{"message":"Invalid API Key"}'),
    ],
    words: WORDS,
    run: (input) => initializeInvariant(replyOf(input)),
  },
  {
    name: "chapa cancel",
    seeds: [
      at(200, '{"message":"Checkout link expired successfully","status":"success","data":{}}'),
      at(400, '{"message":"Payment link already expired","status":"failed","data":null}'),
      at(404, '{"message":"Payment link not found","status":"failed","data":null}'),
    ],
    words: WORDS,
    run: (input) => cancelInvariant(replyOf(input)),
  },
  {
    name: "chapa list",
    seeds: [
      at(
        200,
        '{"message":"Transactions","status":"success","data":{"transactions":[{"status":"success","ref_id":"AP1","trans_id":"G85FR23GHWFN3DNF00BV","amount":"500.00","currency":"ETB","created_at":"2026-11-24T06:00:00.000000Z"}],"pagination":{"next_page_url":null}}}',
      ),
    ],
    words: WORDS,
    run: (input) => listInvariant(replyOf(input)),
  },
  {
    name: "exact JSON",
    seeds: [DETAILS, '[1.50,-0,1e400,{"a":[{}]},"\\u1e00",null]'],
    words: WORDS,
    run: (input) => exactInvariant(input.toString("utf8")),
  },
  {
    // Two header lines and then the body. A missing line is a missing header.
    name: "webhook signature",
    seeds: [
      `${hmac(SECRETS[0] ?? "", BODY)}\n\n${BODY}`,
      `\n${hmac(SECRETS[0] ?? "", SECRETS[0] ?? "")}\n${BODY}`,
      `${hmac(SECRETS[1] ?? "", BODY)}\n${hmac(SECRETS[1] ?? "", SECRETS[1] ?? "")}\n${BODY}`,
      `\n${hmac(SECRETS[0] ?? "", BODY).toUpperCase()}\n${BODY}`,
    ],
    words: [...WORDS, "\n", " ", "0", "f", "F", "\t", "sha256="],
    run: (input) => {
      const [first = Buffer.alloc(0), second = Buffer.alloc(0), body = Buffer.alloc(0)] = lines(input);
      const headers = { "x-chapa-signature": first.toString("utf8"), "chapa-signature": second.toString("utf8") };
      signatureInvariant(body, headers, SECRETS);
    },
  },
];

/** The first two lines, and the rest as bytes. */
export function lines(input: Buffer): [Buffer, Buffer, Buffer] {
  const first = input.indexOf(10);
  const second = first < 0 ? -1 : input.indexOf(10, first + 1);
  if (second < 0) return [input, Buffer.alloc(0), Buffer.alloc(0)];
  return [input.subarray(0, first), input.subarray(first + 1, second), input.subarray(second + 1)];
}
