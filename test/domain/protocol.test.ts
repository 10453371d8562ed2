import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { MOVES, type Rule } from "../../lib/domain/transitions.ts";

const doc = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8");
const rules: [string, Rule][] = Object.entries(MOVES);

function arrows(): string[] {
  const drawn = new Map<string, string[]>();
  for (const [move, { from, to }] of rules) {
    for (const state of to === "same" ? [] : from) {
      const arrow = `${state === "none" ? "[*]" : state} --> ${to}`;
      drawn.set(arrow, [...(drawn.get(arrow) ?? []), move]);
    }
  }
  return [...drawn].map(([arrow, moves]) => `  ${arrow}: ${moves.join(", ")}`);
}

test("the diagram in docs/protocol.md has exactly the moves of the table", () => {
  const diagram = /```mermaid\nstateDiagram-v2\n([^`]*)\n```/.exec(doc)?.[1];
  expect(diagram).toBe(arrows().join("\n"));
});

test("the table in docs/protocol.md says of each move what it needs", () => {
  const rows = rules.map(([move, { from, to, proof, guards }]) => {
    const states = from.length === 7 ? "any" : from.map((state) => (state === "none" ? "–" : state)).join(", ");
    return `| ${move} | ${states} | ${to} | ${proof} | ${guards.join("; ") || "–"} |`;
  });
  for (const row of rows) expect(doc).toContain(row);
});
