import fc from "fast-check";
import { expect, test } from "vitest";
import { addressOf, placeOf } from "../../console/address.ts";

test("an address leads back to the place that it was made of, whatever people typed there", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme", minLength: 1 }), (id, choice) => {
      const place = { view: "payments" as const, id, choices: { state: choice } };
      // A browser keeps what is behind `#` as it stands there.
      expect(placeOf(new URL(addressOf("payments", id, place.choices), "https://here/console").hash)).toEqual(place);
    }),
  );
});

test.each(["", "#", "#/", "#/nothing", "#/%", "#overview/?"])("the address '%s' leads to the overview", (hash) => {
  expect(placeOf(hash).view).toBe("overview");
});

test("a choice that is empty does not stand in the address", () => {
  expect(addressOf("payments", "", { state: "", from: "2026-11-01" })).toBe("#/payments?from=2026-11-01");
});
