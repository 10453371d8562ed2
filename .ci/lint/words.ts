import { globSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import * as z from "zod";

const Place = z.strictObject({ places: z.array(z.string()), words: z.array(z.string()) });

/**
 * The words that the code must not use. `parts` are words of an identifier, of a file name or of a text without spaces,
 * such as the name of a metric. `names` are whole identifiers. `keys` are names of fields. `compounds` are other
 * people's terms that contain such a word.
 */
export const WordList = z.strictObject({
  parts: z.array(z.string()),
  names: z.array(z.string()),
  keys: z.array(z.string()),
  prose: Place,
  people: Place,
  skipped: z.array(z.strictObject({ path: z.string(), reason: z.string() })),
  compounds: z.array(z.strictObject({ words: z.string(), reason: z.string() })),
  allowed: z.array(z.strictObject({ path: z.string(), word: z.string(), reason: z.string() })),
});
export type WordList = z.output<typeof WordList>;

/** A forbidden word and where it is. Line 0 means the name of the file. */
export type Finding = { file: string; line: number; word: string };

const PLACES = ["**/*", ".ci/**/*", ".github/**/*"];
const NOT_OURS = ["node_modules", "cdk.out", "dist", ".local"];
const TEXT = /\.(?:ts|md|json|py|grit|ya?ml|txt)$|^\.ci\/run$/;

/** Every file of ours with its text. The text of a binary file is empty. */
export function readTree(): Map<string, string> {
  const entries = globSync(PLACES, { withFileTypes: true, exclude: ({ name }) => NOT_OURS.includes(name) });
  const files = entries.filter((entry) => entry.isFile());
  const names = files.map(({ parentPath, name }) => relative(process.cwd(), `${parentPath}/${name}`));
  return new Map(names.sort().map((name) => [name, TEXT.test(name) ? readFileSync(name, "utf8") : ""]));
}

/** Every forbidden word in `files`, except those that the list allows. */
export function findWords(list: WordList, files: ReadonlyMap<string, string>): Finding[] {
  const isSkipped = (file: string) => list.skipped.some(({ path }) => file.startsWith(path));
  const isAllowed = (file: string, word: string) => list.allowed.some((one) => one.path === file && one.word === word);
  return [...files].flatMap(([file, text]) => {
    if (isSkipped(file)) return [];
    const inName = wordsIn(list, file).map((word) => ({ file, line: 0, word }));
    const inText = [...foundIn(list, file, text)].map(({ at, word }) => ({ file, line: lineAt(text, at), word }));
    return [...inName, ...inText].filter(({ word }) => !isAllowed(file, word));
  });
}

type Found = { at: number; word: string };
type Token = { kind: "comment" | "text" | "name" | "other"; text: string; at: number };

function lineAt(text: string, at: number): number {
  return text.slice(0, at).split("\n").length;
}

function* foundIn(list: WordList, file: string, text: string): Generator<Found> {
  if (file.endsWith(".md")) yield* inProse(list.prose, file, text);
  yield* inProse(list.people, file, text);
  if (!file.endsWith(".ts")) return;
  for (const token of tokensOf(text)) {
    if (token.kind === "name") yield* inIdentifier(list, text, token);
    if (token.kind === "text") yield* inString(list, file, token);
  }
}

function* inIdentifier(list: WordList, code: string, { text: name, at }: Token): Generator<Found> {
  const isKey = /^\??:/.test(code.slice(at + name.length, at + name.length + 2)) || code[at - 1] === ".";
  if (list.names.includes(name) || (isKey && list.keys.includes(name))) yield { at, word: name };
  for (const word of wordsIn(list, name)) yield { at, word };
}

function* inString(list: WordList, file: string, { text, at }: Token): Generator<Found> {
  if (/\s/.test(text)) {
    for (const found of inProse(list.prose, file, text)) yield { at: at + found.at, word: found.word };
  } else if (/^[\w.:-]+$/.test(text)) {
    for (const word of wordsIn(list, text)) yield { at, word };
  }
}

function* inProse({ places, words }: z.output<typeof Place>, file: string, text: string): Generator<Found> {
  if (!places.some((place) => file.startsWith(place))) return;
  const pattern = new RegExp(`\\b(?:${words.join("|")})\\b`, "gi");
  for (const match of text.matchAll(pattern)) yield { at: match.index, word: match[0].toLowerCase() };
}

/** The private words among the words of a name: `lookAt`, `look_at`, `LOOK_AT` and `look-at` are all of two words. */
function wordsIn({ parts, compounds }: WordList, name: string): string[] {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  const joined = ` ${words.join(" ")} `;
  const isOfOthers = (word: string) =>
    compounds.some((one) => one.words.split(" ").includes(word) && joined.includes(` ${one.words} `));
  return words.filter((word) => parts.includes(word) && !isOfOthers(word));
}

const TOKEN =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[A-Za-z_$][\w$]*|\d[\w.]*|=>|[\s\S]/gy;
const TEMPLATE = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/gy;
const REGEX = /\/(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/gy;
// After one of these, a slash divides. After anything else, it begins a regular expression.
const ENDS_A_VALUE = /^(?:[\w$]+|[)\]}"'`])$/;
const BEFORE_A_VALUE = /^(?:return|typeof|case|in|of|else|void|throw|await|yield)$/;

/** Cuts TypeScript into comments, texts, names and the rest, in order. */
function* tokensOf(code: string): Generator<Token> {
  const open: number[] = [];
  let last = "";
  for (let at = 0; at < code.length; ) {
    const isTemplate = code[at] === "`" || (code[at] === "}" && open.at(-1) === 0);
    const isRegex =
      code[at] === "/" &&
      !/^\/[/*]/.test(code.slice(at, at + 2)) &&
      (!ENDS_A_VALUE.test(last) || BEFORE_A_VALUE.test(last));
    const pattern = isTemplate ? TEMPLATE : isRegex ? REGEX : TOKEN;
    const from = isTemplate ? at + 1 : at;
    pattern.lastIndex = from;
    const text = pattern.exec(code)?.[0] ?? code.slice(from, from + 1);
    if (isTemplate) {
      if (code[at] === "}") open.pop();
      if (text.endsWith("${")) open.push(0);
      yield { kind: "text", text: text.replace(/(?:`|\$\{)$/, ""), at: from };
      last = text.endsWith("`") ? "`" : "";
    } else {
      const depth = open.pop();
      if (depth !== undefined) open.push(depth + (text === "{" ? 1 : text === "}" ? -1 : 0));
      const kind = kindOf(text, isRegex);
      yield kind === "text" ? { kind, text: text.slice(1, -1), at: from + 1 } : { kind, text, at: from };
      if (kind !== "comment" && text.trim() !== "") last = kind === "text" ? '"' : text;
    }
    at = from + Math.max(text.length, 1);
  }
}

function kindOf(text: string, isRegex: boolean): Token["kind"] {
  if (isRegex) return "other";
  if (/^\/[/*]/.test(text)) return "comment";
  if (/^["']./.test(text)) return "text";
  return /^[A-Za-z_$]/.test(text) ? "name" : "other";
}
