import { expect, test } from "vitest";
import { saysMoneyWentBack } from "../../lib/chapa/events.ts";

test("an event says that money went back only by the names that Chapa or merchants use for it", () => {
  for (const event of ["charge.refunded", "charge.reversed", "refund.success", "Charge.Refunded"])
    expect(saysMoneyWentBack(event)).toBe(true);
  for (const event of ["charge.success", "refund.reversed", "refund.failed", "refund.initiated", "", undefined])
    expect(saysMoneyWentBack(event)).toBe(false);
});
