import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { findWords, readTree, WordList } from "../../.ci/lint/words.ts";

const list = WordList.parse(JSON.parse(readFileSync(".ci/lint/words.json", "utf8")));
const found = (file: string, text: string) =>
  findWords(list, new Map([[file, text]])).map(({ file, line, word }) => `${file}:${line}:${word}`);

const tree = readTree();

test("no private word stands in code, names of files, records, metrics, alarms or documents", () => {
  expect(findWords(list, tree).map(({ file, line, word }) => `${file}:${line}:${word}`)).toEqual([]);
});

test("every exception of the list is still needed", () => {
  const all = findWords({ ...list, compounds: [], allowed: [] }, tree);
  const isUsed = (path: string, word: string) => all.some((one) => one.file.startsWith(path) && one.word === word);
  expect(list.compounds.filter(({ words }) => !words.split(" ").some((word) => isUsed("", word)))).toEqual([]);
  expect(list.allowed.filter(({ path, word }) => !isUsed(path, word))).toEqual([]);
});

test.each([
  ["const lookAt = 1;", "look"],
  ["const next_look = 1;", "look"],
  ["const LOOKS_LIMIT = 1;", "looks"],
  ["this.#toldFailed.add(ref);", "told"],
  ["row.sealed = true;", "sealed"],
  ["type Answer = { do: string };", "do"],
  ["switch (decision.do) {}", "do"],
  ["const { because } = answer;", "because"],
  ['log.info("look_ended", {});', "look"],
  ['const name = "dead-looks";', "looks"],
  [`const text = \`\${list.map((one) => \`<\${one}>\`)} \${payment.sealed}\`;`, "sealed"],
  ["const slash = a / b; const orphan = /x/;", "orphan"],
  ["comeBack(ports);", "comeBack"],
])("the list finds a private word with file and line in: %s", (code, word) => {
  expect(found("lib/flows/planted.ts", `// first\n${code}\n`)).toEqual([`lib/flows/planted.ts:2:${word}`]);
});

test("the list finds a private word in the name of a file", () => {
  expect(found("test/model/split-looks.ts", "")).toEqual(["test/model/split-looks.ts:0:looks"]);
});

test("the list finds a private word in a document, and in the description of a route", () => {
  expect(found("docs/protocol.md", "It causes\na look.")).toEqual(["docs/protocol.md:2:a look"]);
  expect(found("lib/contract/operations.ts", 'const x = "Nobody is told.";')).toEqual([
    "lib/contract/operations.ts:1:told",
  ]);
});

test("the list finds a comment that speaks of a person as a man", () => {
  expect(found("lib/flows/planted.ts", "/** The payer and his link. */")).toEqual(["lib/flows/planted.ts:1:his"]);
});

test("a word that the list allows in a file is not reported there", () => {
  const allowed = [{ path: "lib/chapa/wire.ts", word: "hint", reason: "Chapa's own word." }];
  const files = new Map(["wire.ts", "client.ts"].map((name) => [`lib/chapa/${name}`, "const hint = 1;"]));
  expect(findWords({ ...list, allowed }, files).map(({ file }) => file)).toEqual(["lib/chapa/client.ts"]);
});

test.each([
  ["do { i++; } while (i < 3);"],
  ["const cameAfter = 1;"],
  ["const outlook = lookup(flaw, unhealthy, theory);"],
  ["const url = new URL(history.state);"],
  ["const deadLetters = 1; // a law of nature, and a look around"],
  ['throw new Error("nobody was told");'],
  ['const pattern = /"orphan"/; const quote = a / b / c;'],
  ['const from = "const sealed = 1;";'],
])("the list passes ordinary words in: %s", (code) => {
  expect(found("lib/flows/planted.ts", code)).toEqual([]);
});

test("the list passes ordinary words in a document", () => {
  expect(found("docs/protocol.md", "Look at this: the, then, them, theirs; outlaw; it looks good.")).toEqual([]);
});
