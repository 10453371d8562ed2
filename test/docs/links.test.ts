import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const documents = globSync(["*.md", "llms.txt", "{.github,cli,client,docs,examples,infra,lib,local,test}/**/*.md"], {
  cwd: ROOT,
  exclude: ["**/node_modules/**"],
});

const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const withoutCode = (text: string) => text.replace(/^( *)```.*?^\1```/gms, "");

/** The anchor that GitHub gives to a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

function anchorsIn(path: string): string[] {
  return [...withoutCode(read(path)).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) => anchorOf(heading));
}

function linksIn(text: string): string[] {
  const links = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"/g)].map(
    ([, target, picture]) => target ?? picture ?? "",
  );
  return links.filter((target) => !/^[a-z]+:/.test(target));
}

/** What is wrong with a link of the document `from`, or undefined. */
function faultOf(from: string, link: string): string | undefined {
  const [target = "", anchor] = link.split("#");
  const path = target === "" ? from : normalize(join(dirname(from), target));
  if (!existsSync(join(ROOT, path))) return `${from}: ${link} leads to no file`;
  if (anchor === undefined) return undefined;
  if (statSync(join(ROOT, path)).isDirectory()) return `${from}: ${link} names a heading of a folder`;
  return anchorsIn(path).includes(anchor) ? undefined : `${from}: ${link} leads to no heading`;
}

test("every relative link of every document leads to a file and a heading that exist", () => {
  const links = documents.flatMap((from) => linksIn(read(from)).map((link) => ({ from, link })));
  expect(links.length).toBeGreaterThan(40);
  expect(links.flatMap(({ from, link }) => faultOf(from, link) ?? [])).toEqual([]);
});

test("a link to a missing file, to a missing heading or to a heading of a folder is reported", () => {
  expect(faultOf("README.md", "docs/missing.md")).toContain("leads to no file");
  expect(faultOf("README.md", "docs/protocol.md#missing")).toContain("leads to no heading");
  expect(faultOf("README.md", "docs#missing")).toContain("heading of a folder");
  expect(faultOf("docs/protocol.md", "#states")).toBeUndefined();
});

test("the README has at most 170 lines, and every path in it is a link", () => {
  const readme = read("README.md");
  expect(readme.trimEnd().split("\n").length).toBeLessThanOrEqual(170);
  const outsideLinks = withoutCode(readme).replace(/\[[^\]]*\]\([^)]*\)/g, "");
  const named = [...outsideLinks.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text);
  const paths = named.filter((text) => text.includes("/") && !text.startsWith("/") && existsSync(join(ROOT, text)));
  expect(paths).toEqual([]);
});

test("every path in the code of a document leads to a file or folder that exists", () => {
  const missing = documents.flatMap((from) =>
    [
      ...withoutCode(read(from)).matchAll(
        /`((?:\.ci|cli|client|docs|examples|functions|infra|lib|local|test)\/[\w./-]+)`/g,
      ),
    ]
      .map(([, path = ""]) => path)
      .filter((path) => !existsSync(join(ROOT, path)))
      .map((path) => `${from}: ${path}`),
  );
  expect(missing).toEqual([]);
});

test("documents call people they or by their role", () => {
  const found = documents.flatMap((path) =>
    read(path)
      .split("\n")
      .filter((line) => /\b(he|him|his|himself)\b/i.test(line))
      .map((line) => `${path}: ${line}`),
  );
  expect(found).toEqual([]);
});
