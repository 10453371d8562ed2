import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DELIBERATE_FAULTS, faultySource, filesOf } from "./deliberate-faults.ts";

const ROOT = new URL("../../", import.meta.url);

test.each(DELIBERATE_FAULTS)('every place of "$name" stands exactly once in today\'s code', (fault) => {
  for (const file of filesOf(fault)) {
    const source = readFileSync(new URL(file, ROOT), "utf8");
    expect(faultySource(fault, file, source)).not.toBe(source);
  }
});

test("a fault whose place is gone from the code, or stands there twice, is refused", () => {
  const fault = { name: "x", of: "", caughtBy: [], file: "a.ts", from: "one", to: "two" };
  expect(() => faultySource(fault, "a.ts", "nothing")).toThrow('"one" stands 0 times in a.ts');
  expect(() => faultySource(fault, "a.ts", "one one")).toThrow('"one" stands 2 times in a.ts');
  expect(faultySource(fault, "b.ts", "nothing")).toBe("nothing");
});

test("every deliberate fault has a name of its own, and a harness that must catch it or the reason why none can", () => {
  expect(new Set(DELIBERATE_FAULTS.map(({ name }) => name)).size).toBe(DELIBERATE_FAULTS.length);
  for (const { name, caughtBy, harmless } of DELIBERATE_FAULTS)
    expect(caughtBy.length === 0, name).toBe(harmless !== undefined);
});
