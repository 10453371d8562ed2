import { writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { endOf, startChild } from "../../commands/children.ts";
import { Command } from "../../commands/command.ts";
import { moveIntoPlace, openWorkspace } from "../../commands/workspace.ts";

const command = new Command({
  name: "npm run demo:picture",
  summary: "Runs npm run demo and draws its output to docs/demo.svg.",
  duration: "10 seconds",
  options: {},
  examples: { "npm run demo:picture": "after a change of the demo's output" },
});

const COLUMNS = 132;
const LINE = 19;
const COLUMN = 7.82;
const PAD = 22;
const STYLES: Record<string, string> = {
  "1": "b",
  "2": "d",
  "31": "red",
  "32": "green",
  "33": "yellow",
  "35": "magenta",
  "36": "cyan",
};
const SHEET = [
  "text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Noto Sans Ethiopic',monospace;white-space:pre;fill:#d7dee6}",
  ".b{font-weight:700;fill:#fff}.d{fill:#8894a3}.red{fill:#ff7b72}.green{fill:#7ee787}.yellow{fill:#e3b341}",
  ".magenta{fill:#d2a8ff}.cyan{fill:#76d7ea}",
].join("");

const COLOUR = new RegExp(`${String.fromCharCode(27)}\\[(\\d+)m`);

type Piece = { text: string; style: string };

/** Splits one line into pieces of one colour each. */
function piecesOf(line: string): Piece[] {
  let style = "";
  return line.split(COLOUR).flatMap((part, index) => {
    if (index % 2 === 0) return part ? [{ text: part, style }] : [];
    style = STYLES[part] ?? "";
    return [];
  });
}

function cut(pieces: readonly Piece[]): Piece[] {
  let left = COLUMNS;
  return pieces.flatMap(({ text: whole, style }) => {
    const shown = whole.length > left ? `${whole.slice(0, Math.max(left - 1, 0))}…` : whole;
    const isOver = left <= 0;
    left -= whole.length;
    return isOver ? [] : [{ text: shown, style }];
  });
}

function escaped(shown: string): string {
  return shown.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function picture(lines: readonly string[]): string {
  const width = Math.ceil(COLUMNS * COLUMN + 2 * PAD);
  const height = lines.length * LINE + 2 * PAD;
  const rows = lines.map((line, row) => {
    const spans = cut(piecesOf(line)).map(
      ({ text: shown, style }) => `<tspan class="${style}">${escaped(shown)}</tspan>`,
    );
    return `<text x="${PAD}" y="${PAD + (row + 0.75) * LINE}">${spans.join("")}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="What npm run demo prints">
<style>${SHEET}</style><rect width="${width}" height="${height}" rx="10" fill="#12161c"/>
${rows.join("\n")}
</svg>
`;
}

command.read();
const demo = startChild(process.execPath, ["local/demo/main.ts"], {
  env: { ...process.env, FORCE_COLOR: "1" },
  stdio: ["ignore", "pipe", "inherit"],
});
const ended = endOf(demo);
const shown = demo.stdout ? await text(demo.stdout) : "";
process.exitCode = await ended;
if (process.exitCode === 0) {
  const file = `${openWorkspace("picture")}/demo.svg`;
  writeFileSync(file, picture(shown.replace(/^\n+|\n+$/g, "").split("\n")));
  moveIntoPlace(file, "docs/demo.svg");
}
