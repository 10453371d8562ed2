import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Row, TRANSITIONS } from "../../lib/domain/transitions.ts";
import { STATES } from "../../lib/domain/vocabulary.ts";

const doc = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8");
const rows = Object.entries(TRANSITIONS).map(([name, { from, to, proof, guards }]) => ({
  name,
  from: from satisfies Row["from"] as Row["from"],
  to,
  proof,
  guards: Object.keys(guards),
}));

function arrows(): string[] {
  const drawn = new Map<string, string[]>();
  for (const { name, from, to } of rows) {
    for (const state of to === "same" ? [] : from) {
      const arrow = `${state === "none" ? "[*]" : state} --> ${to}`;
      drawn.set(arrow, [...(drawn.get(arrow) ?? []), name]);
    }
  }
  return [...drawn].map(([arrow, names]) => `  ${arrow}: ${names.join(", ")}`);
}

test("the diagram in docs/protocol.md has exactly the transitions of the table", () => {
  const diagram = /```mermaid\nstateDiagram-v2\n([^`]*)\n```/.exec(doc)?.[1];
  expect(diagram).toBe(arrows().join("\n"));
});

test("the table in docs/protocol.md names the proof and the guards of each transition, and no other one", () => {
  const written = [...doc.matchAll(/^\| \w+ \| [^|]* \| [A-Za-z]+ \| `\w+` \| [^|]* \|$/gm)].map(([line]) => line);
  const expected = rows.map(({ name, from, to, proof, guards }) => {
    const states =
      from.length === STATES.length ? "any" : from.map((state) => (state === "none" ? "–" : state)).join(", ");
    return `| ${name} | ${states} | ${to} | \`${proof}\` | ${guards.map((guard) => `\`${guard}\``).join(", ") || "–"} |`;
  });
  expect(written).toEqual(expected);
});

test("docs/protocol.md explains each proof and each guard once, in the order of the table", () => {
  const explained = [...doc.matchAll(/^\| `(\w+)` \| ([^|]{10,}) \|$/gm)].map(([, name]) => name);
  const named = [...rows.map(({ proof }) => proof), ...rows.flatMap(({ guards }) => guards)];
  expect(explained.filter((name) => named.some((one) => one === name))).toEqual([...new Set(named)]);
});
