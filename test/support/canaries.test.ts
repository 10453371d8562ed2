import { expect, test } from "vitest";
import { canariesIn } from "./canaries.ts";

test.each([
  ['{"message":"x","token":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"}', "a token"],
  ['{"message":"x","to":"somebody@mail.et"}', "an e-mail address"],
  ['{"message":"x","phone":"+251911223344"}', "a phone number"],
  ['{"message":"x","phone":"0911223344"}', "a phone number"],
  ['{"message":"x","key":"CHASECK_TEST-abc"}', "a key of Chapa's"],
  ['{"message":"x","header":"Bearer abcdefghij"}', "a bearer"],
  ['{"message":"x","secret":"sim-webhook-secret"}', "a secret of this machine"],
  ['{"message":"x","to":"Abebe"}', "a name"],
])("the scan of records finds %s", (record, what) => {
  expect(canariesIn(record)).toContain(what);
});

test.each([
  '{"message":"checkout_opened","request_id":"f11d4e8d-0690-4809-93b3-985fc2dabebe"}',
  '{"message":"checkout_opened","tx_ref":"ABEBE3XDQQT2C2EX00KJ"}',
])("the scan of records finds no name in an id that contains one by chance: %s", (record) => {
  expect(canariesIn(record)).toEqual([]);
});

test("the scan of records finds nothing in what the service records", () => {
  const record =
    '{"level":"INFO","message":"payment_transitioned","timestamp":"2026-11-24T16:22:14.034Z","service":"payments","ref":"HY2CR2XDQQT2C2EX","move":"confirm","after_ms":4911,"stack":"at file:///node_modules/@middy/core/index.js:1:2"}';
  expect(canariesIn(record)).toEqual([]);
});
