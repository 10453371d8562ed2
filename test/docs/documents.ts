import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Every document of the project, by its path. */
export const DOCUMENTS = globSync(
  ["*.md", "llms.txt", "{.github,cli,client,docs,examples,infra,lib,local,test}/**/*.md"],
  { cwd: ROOT, exclude: ["**/node_modules/**"] },
);

export type Block = { language: string; text: string };

/** The blocks of code of a document, without their indentation. */
export function blocksOf(document: string): Block[] {
  const found = document.matchAll(/^( *)```(\w*)\n(.*?)^\1```$/gms);
  return [...found].map(([, indent = "", language = "", text = ""]) => ({
    language,
    text: text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  }));
}

export function readDocument(path: string): string {
  return readFileSync(`${ROOT}${path}`, "utf8");
}

/** The commands of a block of shell: continued lines joined, comments removed, pipes, lists and substitutions split outside of quotes. */
export function commandsOf(text: string): string[] {
  const lines = text.replaceAll(/\\\n\s*/g, " ").replaceAll(/(^|\s)#\s.*$/gm, "");
  const kept: string[] = [];
  const keep = (whole: string) => `«${kept.push(whole) - 1}»`;
  const restored = (piece: string): string =>
    piece.replaceAll(/«(\d+)»/g, (_, index) => restored(kept[Number(index)] ?? ""));
  const inner: string[] = [];
  const plain = lines.replaceAll(/"(?:[^"\\]|\\.)*"|'[^']*'/g, keep).replaceAll(/\$\(([^()]*)\)/g, (whole, command) => {
    inner.push(command);
    return keep(whole);
  });
  return [plain, ...inner]
    .flatMap((piece) => piece.split(/\n|&&|\|\||\||;/))
    .map((piece) => restored(piece).trim())
    .filter((piece) => piece !== "");
}
