import { existsSync, readFileSync, writeFileSync } from "node:fs";
import * as z from "zod";

/** The figures of each step's last successful run. Written by `npm run proof`. */
const FIGURES_FILE = "docs/proof-figures.json";
export const FIGURES_PAGE = "docs/reliability.md";

const BEGIN = "<!-- made by `npm run proof`: begin -->";
const END = "<!-- made by `npm run proof`: end -->";

const Figure = z.object({
  name: z.string(),
  figure: z.string(),
  command: z.string(),
  /** The day of the run. */
  date: z.iso.date(),
  /** The commit that was tested. */
  commit: z.string(),
  seconds: z.number(),
});
export type Figure = z.output<typeof Figure>;

export function readFigures(): Figure[] {
  return existsSync(FIGURES_FILE) ? z.array(Figure).parse(JSON.parse(readFileSync(FIGURES_FILE, "utf8"))) : [];
}

/** Replaces the step's earlier figure in the file and in the page. */
export function writeFigure(figure: Figure): void {
  const others = readFigures().filter(({ name }) => name !== figure.name);
  const all = [...others, figure].toSorted((a, b) => a.name.localeCompare(b.name));
  writeFileSync(FIGURES_FILE, `${JSON.stringify(all, null, 2)}\n`);
  writeFileSync(FIGURES_PAGE, pageWith(readFileSync(FIGURES_PAGE, "utf8"), all));
}

/** The page with a new table of figures. @throws Error if the page has no markers for the table */
export function pageWith(page: string, figures: readonly Figure[]): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from) throw new Error(`${FIGURES_PAGE} has no markers for the figures: ${BEGIN} … ${END}`);
  const rows = figures.map(
    ({ name, figure, command, date, commit, seconds }) =>
      `| ${name} | ${figure.replaceAll("|", "\\|")} | \`${command}\` | ${date}, ${commit.slice(0, 7)}, ${lasted(seconds)} |`,
  );
  const table = ["| what | result | command | date, commit, duration |", "|---|---|---|---|", ...rows].join("\n");
  return `${page.slice(0, from)}${BEGIN}\n\n${table}\n\n${page.slice(to)}`;
}

function lasted(seconds: number): string {
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
