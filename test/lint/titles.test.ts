import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

type Title = { kind: "test" | "describe"; text: string };

/** A call that names a test or a group; the title of a table of cases stands after its rows. */
const CALL = /^[ \t]*(test|describe)(?:\(|\.[\s\S]*?\)\()\s*(["'`])((?:\\.|(?!\2)[^\\])*)\2,/gm;

/** First words of a title that continues another one: it lacks its subject. */
const CONTINUES = new Set(
  `is are was were has have had may can must does do and but or that which whose who whoever of to with by as
  keeps tells says takes gives shows sends reads names needs asks answers ends gets goes knows stays makes leaves counts
  holds writes hears finds refuses calls sees comes begins becomes stops lets closes`.split(/\s+/),
);
/** First words of a group that is no noun. */
const NO_NOUN =
  /^(?:when|and|then|if|given|with|without|after|before|while|that|of|to|whatever|whoever|it|its)\b|[:,]$/;

const titlesIn = (source: string): Title[] =>
  [...source.matchAll(CALL)].map(([, kind, , text = ""]) => ({ kind: kind as Title["kind"], text }));

function isFragment({ kind, text }: Title): boolean {
  if (kind === "describe") return NO_NOUN.test(text);
  const words = text.split(/\s+/);
  return words.length < 4 || CONTINUES.has(words[0] ?? "");
}

test("each title of a test is a sentence of its own, and each group is named by a noun", () => {
  const fragments = globSync("test/**/*.ts").flatMap((file) =>
    titlesIn(readFileSync(file, "utf8"))
      .filter(isFragment)
      .map(({ text }) => `${file}: ${text}`),
  );
  expect(fragments).toEqual([]);
});

test("the check finds fragments wherever a title may stand", () => {
  const source = [
    'describe("when", () => {',
    '  test("keeps its money for a week", () => {});',
    '  test.each([["a", () => 1]])("%s: %s", () => {});',
    "  test.each(rows.map((row) => f(row)))(",
    '    "of a payment that is not there",',
    "    () => {},",
    "  );",
    '  test.each(ROWS)("a payment of %s keeps its money", () => {});',
  ].join("\n");
  expect(titlesIn(source).map((title) => [title.text, isFragment(title)])).toEqual([
    ["when", true],
    ["keeps its money for a week", true],
    ["%s: %s", true],
    ["of a payment that is not there", true],
    ["a payment of %s keeps its money", false],
  ]);
});
