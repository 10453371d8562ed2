import { readFileSync } from "node:fs";
import type { Excuse } from "./excused.ts";

type Position = { line: number; column: number };

/** One mutant and its result, as Stryker reports it. */
export type Mutant = {
  fileName: string;
  mutatorName: string;
  replacement?: string | undefined;
  location: { start: Position; end: Position };
  status: string;
};

/** A mutant that no test detected. `reason` is the excuse; it is undefined if there is none. */
export type Survivor = {
  file: string;
  line: number;
  mutator: string;
  code: string;
  becomes: string;
  isCovered: boolean;
  reason: string | undefined;
};

export type Row = {
  name: string;
  mutants: number;
  killed: number;
  timedOut: number;
  survived: number;
  uncovered: number;
  /** Mutants that do not load. They do not count for the score, as in Stryker. */
  broken: number;
  excused: number;
};

// Longer code is shown by its beginning and its end. An excuse quotes it in this form.
const SHOWN = 120;

/** The share of detected mutants in percent. An excused mutant counts as not detected. */
export function scoreOf({ killed, timedOut, survived, uncovered }: Row): number {
  const judged = killed + timedOut + survived + uncovered;
  return judged === 0 ? 100 : (100 * (killed + timedOut)) / judged;
}

export function rowOf(name: string, mutants: readonly Mutant[], survivors: readonly Survivor[]): Row {
  const count = (...statuses: string[]) => mutants.filter(({ status }) => statuses.includes(status)).length;
  return {
    name,
    mutants: mutants.length,
    killed: count("Killed"),
    timedOut: count("Timeout"),
    survived: count("Survived"),
    uncovered: count("NoCoverage"),
    broken: count("CompileError", "RuntimeError"),
    excused: survivors.filter(({ reason }) => reason !== undefined).length,
  };
}

/**
 * The mutants that survived, each with its excuse if there is one.
 * @returns also the stale excuses: their code is gone, or a test detects the mutant now
 */
export function survivorsOf(
  mutants: readonly Mutant[],
  excuses: readonly Excuse[],
): { survivors: Survivor[]; stale: Excuse[] } {
  const left = new Map(excuses.map((excuse) => [excuse, excuse.times ?? 1]));
  const survivors = mutants
    .filter(({ status }) => status === "Survived" || status === "NoCoverage")
    .map(({ fileName, location, mutatorName, replacement, status }): Survivor => {
      const code = shown(sourceAt(fileName, location));
      const becomes = shown(replacement ?? "");
      const excuse = excuses.find(
        (one) => one.file === fileName && one.code === code && one.becomes === becomes && (left.get(one) ?? 0) > 0,
      );
      if (excuse) left.set(excuse, (left.get(excuse) ?? 0) - 1);
      return {
        file: fileName,
        line: location.start.line,
        mutator: mutatorName,
        code,
        becomes,
        isCovered: status === "Survived",
        reason: excuse?.reason,
      };
    });
  return { survivors, stale: excuses.filter((excuse) => left.get(excuse) !== 0) };
}

const HEAD = ["", "mutants", "killed", "timed out", "survived", "no coverage", "broken", "excused", "score"];

function cellsOf(row: Row): string[] {
  const { name, mutants, killed, timedOut, survived, uncovered, broken, excused } = row;
  const figures = [mutants, killed, timedOut, survived, uncovered, broken, excused].map(String);
  return [name, ...figures, `${scoreOf(row).toFixed(1)} %`];
}

/** The figures as a text table. */
export function tableOf(rows: readonly Row[]): string {
  const lines = [HEAD, ...rows.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: string[]) =>
    cells.map((cell, n) => (n === 0 ? cell.padEnd(widths[n] ?? 0) : cell.padStart(widths[n] ?? 0))).join("  ");
  return lines.map(line).join("\n");
}

/** One line for each survivor, those without a reason first. */
export function listOf(survivors: readonly Survivor[]): string {
  const line = ({ file, line, mutator, code, becomes, isCovered, reason }: Survivor) =>
    [
      `${file}:${line} ${mutator}${isCovered ? "" : "; no test reaches it"}`,
      `    ${JSON.stringify(code)} -> ${JSON.stringify(becomes)}`,
      `    ${reason ?? "NO REASON"}`,
    ].join("\n");
  const sorted = survivors.toSorted((a, b) => Number(a.reason !== undefined) - Number(b.reason !== undefined));
  return sorted.map(line).join("\n");
}

/** The report as Markdown: figures, and survivors grouped by reason. */
export function markdownOf(rows: readonly Row[], survivors: readonly Survivor[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const table = [row(HEAD), row(HEAD.map((_, n) => (n === 0 ? "---" : "---:"))), ...rows.map(cellsOf).map(row)];
  const reasons = Map.groupBy(survivors, ({ reason }) => reason ?? "No reason yet");
  const lists = [...reasons].map(([reason, members]) => {
    const items = members.map(
      ({ file, line, code, becomes }) => `- \`${file}:${line}\` ${quoted(code)} → ${quoted(becomes)}`,
    );
    return [`**${reason}**`, "", ...items.toSorted()].join("\n");
  });
  return `${[table.join("\n"), ...lists].join("\n\n")}\n`;
}

function quoted(code: string): string {
  return code === "" ? "nothing" : `\`\` ${code} \`\``;
}

function sourceAt(file: string, { start, end }: Mutant["location"]): string {
  const lines = readFileSync(file, "utf8")
    .split("\n")
    .slice(start.line - 1, end.line);
  const last = lines.length - 1;
  return lines
    .map((line, n) => line.slice(n === 0 ? start.column - 1 : 0, n === last ? end.column - 1 : undefined))
    .join("\n");
}

function shown(code: string): string {
  const text = code.replaceAll(/\s+/g, " ").trim();
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN / 2)} … ${text.slice(-SHOWN / 2)}`;
}
