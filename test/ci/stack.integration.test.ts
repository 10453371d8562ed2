import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import { bundle } from "../../.ci/bundle/bundle.ts";
import { withSourcePlaces } from "../../.ci/bundle/stack.ts";

const folder = mkdtempSync(join(tmpdir(), "stack-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function bundledStack(): Promise<string> {
  const file = join(folder, "failing.ts");
  writeFileSync(file, "type Unused = string;\n\nexport function fail(): never {\n  throw new Error('here');\n}\n");
  await bundle({ failing: file }, folder);
  const { fail }: { fail: () => void } = await import(pathToFileURL(join(folder, "failing/index.mjs")).href);
  try {
    fail();
    return "";
  } catch (error) {
    return error instanceof Error ? (error.stack ?? "") : "";
  }
}

test("a stack of a bundle is printed with the places in our source", async () => {
  const stack = await bundledStack();
  const mapOf = (file: string) =>
    file === "index.mjs" ? readFileSync(join(folder, "failing", `${file}.map`), "utf8") : undefined;
  const [message, place] = withSourcePlaces(stack, mapOf).split("\n");
  expect(message).toBe("Error: here");
  expect(place).toMatch(/failing\.ts:4:9\)?$/);
});

test("a place without a map stays as it is", () => {
  const text = "    at handler (file:///var/task/chunk-ABC.mjs:1:2)\n    at node:internal/process:5:3";
  expect(withSourcePlaces(text, () => undefined)).toBe(text);
});
