import { expect, test } from "vitest";
import { messageFor } from "../../lib/services/messages.ts";

const EVENTS = ["initiated", "paid", "failed", "expired", "cancelled"] as const;
const values = {
  amount: "500.00 ETB",
  tx_ref: "G85FR23GHWFN3DNF00BV",
  link: "https://pay.rental.et/api/v1/payments/P/checkout",
};

test.each(EVENTS.flatMap((event) => ["en", "am", "om"].map((language) => [event, language] as const)))(
  "%s in %s names amount and reference and leaves no placeholder",
  (event, language) => {
    const { subject, message, language: used } = messageFor(event, language, values);
    expect(used).toBe(language);
    expect(message).toContain(values.amount);
    expect(message).toContain(values.tx_ref);
    expect(`${subject}${message}`).not.toMatch(/[{}]/);
  },
);

test("a receipt does not claim that the listing was approved", () => {
  expect(messageFor("paid", "en", values).message).not.toMatch(/approv/i);
});

test("every notice of a failure says that a payment would still be found", () => {
  expect(messageFor("expired", "en", values).message).toMatch(/so far/);
});
