import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import * as z from "zod";
import { InitiateRequest, UuidText } from "../../lib/contract/api.ts";
import { VERSION } from "../../lib/contract/version.ts";
import { Uuid } from "../../lib/domain/ids.ts";

const IDS = { property_id: "0b0a7c1e-3c1f-4f27-8a52-6f2f5f0f7a22", user_id: "6f1d2f0e-54a1-4c7e-9d54-0d6a4b0f1c11" };

test("every text that initiate takes for a UUID is one", () => {
  const hex = fc.stringMatching(/^[0-9a-fA-F]{32}$/);
  const dash = fc.constantFrom("", "-");
  const forms = fc.tuple(hex, dash, fc.constantFrom("", "{", "urn:uuid:", " "), fc.constantFrom("", "}", " "));
  fc.assert(
    fc.property(forms, ([digits, separator, before, after]) => {
      const parts = [
        digits.slice(0, 8),
        digits.slice(8, 12),
        digits.slice(12, 16),
        digits.slice(16, 20),
        digits.slice(20),
      ];
      const text = `${before}${parts.join(separator)}${after}`;
      expect(UuidText.safeParse(text).success).toBe(true);
      expect(Uuid.safeParse(text).success).toBe(true);
    }),
  );
});

test("initiate takes the listing service's body, with keys that mean nothing here", () => {
  const body = { ...IDS, request_id: IDS.user_id, amount: 500.0, currency: "ETB", is_test_mode: true };
  expect(InitiateRequest.parse(body)).toMatchObject({ ...IDS, request_id: IDS.user_id, amount: 500, currency: "ETB" });
});

test.each([
  ["request_id", 7],
  ["request_id", "x"],
  ["property_id", null],
  ["user_id", "6f1d2f0e"],
  ["amount", true],
  ["amount", [500]],
  ["currency", 7],
  ["currency", "x".repeat(17)],
  ["purpose", "x".repeat(33)],
])("initiate refuses %s %j under its own name", (field, value) => {
  const issues = InitiateRequest.safeParse({ ...IDS, [field]: value }).error?.issues;
  expect(issues?.map(({ path }) => path)).toEqual([[field]]);
});

test("the release that health and the API's description show is the one of package.json", () => {
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync("package.json", "utf8")));
  expect(VERSION).toBe(version);
});
