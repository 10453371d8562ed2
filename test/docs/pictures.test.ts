import { globSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PICTURES } from "../browser/picture-names.ts";

const FOLDER = new URL("../../docs/img/", import.meta.url);
const MOST_BYTES = 1_000_000;

/** The width in the header of a PNG file. */
function widthOf(file: Buffer): number {
  expect(file.subarray(1, 4).toString("latin1")).toBe("PNG");
  return file.readUInt32BE(16);
}

test("docs/img holds the pictures that npm run pictures draws and no others, each in its width, in at most 1 MB", () => {
  const files = readdirSync(FOLDER).map((name) => [name, readFileSync(new URL(name, FOLDER))] as const);
  const widths = files.map(([name, file]) => [name.replace(/\.png$/, ""), widthOf(file)]);
  expect(Object.fromEntries(widths)).toEqual(PICTURES);
  expect(files.reduce((sum, [, { length }]) => sum + length, 0)).toBeLessThanOrEqual(MOST_BYTES);
});

test("every picture is shown by a document", () => {
  const documents = globSync(["README.md", "docs/*.md"]).map((path) => readFileSync(path, "utf8"));
  const unused = Object.keys(PICTURES).filter((name) => !documents.some((text) => text.includes(`img/${name}.png`)));
  expect(unused).toEqual([]);
});
