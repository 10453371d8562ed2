import fc from "fast-check";
import { expect, test } from "vitest";
import { classifyVerify } from "../../../lib/chapa/classify.ts";
import { isAsAgreed } from "../../../lib/domain/evidence.ts";
import { txRefOf } from "../../../lib/domain/ids.ts";
import { Santim, toBirr } from "../../../lib/domain/money.ts";
import { aClaim } from "../../support/payments.ts";
import { amountText, anyBytesAsText, anyJson, anyText, joined, mostly, strangeJson } from "./hostile.ts";
import { exactHundredths } from "./invariants/broken.ts";
import {
  cancelInvariant,
  exactInvariant,
  initializeInvariant,
  listInvariant,
  verifyInvariant,
} from "./invariants/chapa.ts";
import { holds, holdsOften } from "./settings.ts";

const statuses = fc.oneof(fc.constantFrom(200, 400, 401, 404, 422, 429, 500, 502), fc.integer({ min: 100, max: 599 }));
const asText = (values: fc.Arbitrary<unknown>) => values.map((value) => JSON.stringify(value) ?? "");
const facts = {
  status: fc.constantFrom(..."success Success pending failed failed/cancelled refunded reversed paid".split(" ")),
  amount: fc.oneof(amountText, fc.double()),
  charge: fc.oneof(amountText, fc.double(), fc.constant(null)),
  currency: fc.constantFrom("ETB", "USD", "etb", ""),
  mode: fc.constantFrom("test", "live"),
  tx_ref: fc.constantFrom("G85FR23GHWFN3DNFFP00", ""),
  reference: anyText,
  method: anyText,
  failure_reason: anyText,
};
const envelopeOf = (data: fc.Arbitrary<unknown>) =>
  mostly({
    message: fc.oneof(
      fc.constantFrom(
        "Payment details",
        "Payment not paid yet",
        "Transaction not found",
        "Payment link already expired",
        "Transaction reference has been used before",
        "The amount must not exceed 1000000.",
      ),
      fc.dictionary(fc.oneof(fc.constantFrom("email", "amount", "constructor", "toString"), anyText), anyJson),
    ),
    status: fc.constantFrom("success", "failed", "null"),
    data,
  });
const answersOf = (data: fc.Arbitrary<unknown>) =>
  fc.oneof(
    { arbitrary: strangeJson(asText(envelopeOf(data))), weight: 6 },
    { arbitrary: strangeJson(asText(anyJson)), weight: 1 },
    { arbitrary: anyBytesAsText, weight: 1 },
    { arbitrary: anyText, weight: 1 },
  );

test("verify reads money only from data.status success, with its facts as written, and never throws", async () => {
  await holdsOften(4, [statuses, answersOf(mostly(facts))], (status, text) => verifyInvariant({ status, text }));
});

test("initialize sends payers to Chapa's own pages only, by every reading of the address", async () => {
  const schemes = ["https://", "http://", "https:\\\\", "https:/", "//", "HTTPS://", "javascript://", " https://"];
  const hosts = "checkout.chapa.co CHECKOUT.chapa.co evil.example checkout.chapa.co. checkout.chapa.co:443";
  const ends = ["", ..."/ \\ @evil.example/ \\@evil.example/ /\\evil .evil.example :8443 ?@e #@e".split(" ")];
  const rest = fc.constantFrom("checkout/payment/abc", "\n", "\t/x", "a".repeat(3_000));
  const url = joined(
    ...[schemes, hosts.split(" "), ends].map((parts) => fc.constantFrom(...parts)),
    fc.oneof(rest, anyText),
  );
  const data = mostly({ checkout_url: fc.oneof(url, anyText) });
  await holdsOften(4, [statuses, answersOf(data)], (status, text) => initializeInvariant({ status, text }));
});

test("cancel ends a link only by the status that says so", async () => {
  await holdsOften(2, [statuses, answersOf(anyJson)], (status, text) => cancelInvariant({ status, text }));
});

test("the list of transactions loses and invents no row, and only three words in it mean money", async () => {
  const row = mostly({
    trans_id: anyText,
    ref_id: anyText,
    status: fc.constantFrom("success", "failed", "refunded", "SUCCESS"),
    amount: fc.oneof(amountText, fc.double()),
    created_at: fc.oneof(fc.date().map(String), anyText),
  });
  const data = mostly({
    transactions: fc.array(row, { maxLength: 5 }),
    pagination: mostly({ next_page_url: anyText }),
  });
  await holdsOften(2, [statuses, answersOf(data)], (status, text) => listInvariant({ status, text }));
});

test("exact parsing takes the JSON that JSON.parse takes, and numbers stay the text they were", async () => {
  await holdsOften(4, [strangeJson(asText(anyJson))], (text) => exactInvariant(text));
});

const payment = aClaim();
const agreed = {
  status: "success",
  amount: "500.00",
  currency: "ETB",
  mode: "test",
  tx_ref: txRefOf(payment.ref, 0),
};
const paid = (data: object, amount?: string) => {
  const text = JSON.stringify({ message: "", status: "success", data });
  return classifyVerify(
    { status: 200, text: amount === undefined ? text : text.replace('"500.00"', amount) },
    agreed.tx_ref,
  );
};

test("money confirms a payment only where reference, amount, currency and mode are as agreed", async () => {
  const odd = fc.oneof(anyJson, anyText, amountText);
  await holdsOften(2, [fc.subarray(["amount", "currency", "mode", "tx_ref"] as const), odd], (fields, other) => {
    const data = { ...agreed, ...Object.fromEntries(fields.map((field) => [field, other])) };
    const evidence = paid(data);
    // An answer about another reference is none.
    const isOthers = data.tx_ref != null && data.tx_ref !== agreed.tx_ref;
    expect(evidence.kind).toBe(isOthers ? "unavailable" : "paid");
    const isTrue =
      fields.length === 0 ||
      (fields.join() === "amount" && typeof other === "string" && exactHundredths(other) === 50_000n) ||
      (fields.join() === "amount" && other === 500) ||
      fields.every((field) => agreed[field] === other);
    expect(evidence.kind === "paid" && isAsAgreed(payment, 0, evidence.facts)).toBe(isTrue);
  });
});

test("money reads the same as a number or as text, and never passes through a float", async () => {
  await holdsOften(2, [fc.integer({ min: 0, max: 999_999_999_999 }), fc.nat(20)], (santim, zeros) => {
    const written = `${toBirr(Santim.parse(santim))}${"0".repeat(zeros)}`;
    for (const amount of [written, `"${written}"`]) {
      expect(paid(agreed, amount)).toMatchObject({ kind: "paid", facts: { amount: santim } });
    }
  });
});

test("money finer than a santim is unreadable", async () => {
  await holds(
    [fc.nat(1_000_000), fc.integer({ min: 2, max: 40 }), fc.integer({ min: 1, max: 9 })],
    (birr, zeros, last) => {
      const evidence = paid(agreed, `${birr}.${"0".repeat(zeros)}${last}`);
      expect(evidence).toMatchObject({ kind: "paid", facts: { amount: undefined } });
    },
  );
});
