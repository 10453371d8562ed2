import { expect, test } from "vitest";
import { ZodError } from "zod";
import { fromItem, toItem } from "../../lib/table/payment-item.ts";
import { anOpened } from "../support/payments.ts";

test.each(["claim", "claim soon me", "claim  me", "claim NaN me", "claim -1 me", "claim 1e9 me", "paid 1 me", ""])(
  "a row whose history says %j is not read, because its moments could not be shown",
  (line) => {
    expect(() => fromItem({ ...toItem(anOpened()), history: [line] })).toThrow(ZodError);
  },
);

test.each([Date.UTC(9999, 11, 31), 8_700_000_000_000_000, -1])("a row with the moment %d is not read", (at) => {
  expect(() => fromItem({ ...toItem(anOpened()), first_opened_at: at })).toThrow(ZodError);
});

test.each(["first", "-1", "1.5", ""])("a row with an attempt called %j is not read", (number) => {
  const item = toItem(anOpened());
  expect(() => fromItem({ ...item, attempts: { [number]: item["attempts"]["0"] } })).toThrow(ZodError);
});

test("a history is read as it was written, from the first moment that there is", () => {
  const payment = {
    ...anOpened(),
    history: [{ transition: "claim", at: 0, by: "initiate", evidence: "paid  AP 1" } as const],
  };
  expect(fromItem(toItem(payment)).history).toEqual(payment.history);
});
