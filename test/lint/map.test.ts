import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const MAP = readFileSync("AGENTS.md", "utf8");

test("every path that the map names exists", () => {
  const paths = [...MAP.matchAll(/`((?:[\w.-]+\/)+[\w.*-]*)`/g)].map(([, path = ""]) => path);
  const ours = paths.filter((path) => existsSync(path.split("/")[0] ?? "") && !path.startsWith("node_modules"));
  expect(ours.length).toBeGreaterThan(20);
  // What a run makes is there only after it.
  expect(ours.filter((path) => !path.startsWith(".local/") && globSync(path).length === 0)).toEqual([]);
});

test("every folder of test mirrors a room or has a row", () => {
  const folders = readdirSync("test", { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const isMirror = (name: string) => [`lib/${name}`, name, `.${name}`].some((path) => existsSync(path));
  const alone = folders.map(({ name }) => name).filter((name) => !isMirror(name));
  expect(alone.filter((name) => !MAP.includes(`| \`test/${name}\` |`))).toEqual([]);
});

test("a function's handler has at most 30 lines", () => {
  const lengths = globSync("functions/*.ts").map((file) => {
    const text = readFileSync(file, "utf8");
    return { file, lines: text.slice(text.indexOf("export const handler")).trimEnd().split("\n").length };
  });
  expect(lengths.length).toBeGreaterThan(10);
  expect(lengths.filter(({ lines }) => lines > 30)).toEqual([]);
});
