import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const ROOMS = ["lib", "functions", "infra", "local", "cli", "console", ".ci"];

/** A module's text, and what it takes from which of our modules; `names` is undefined where it takes the whole module. */
type Module = { text: string; imports: { from: string; names: string[] | undefined }[] };

const STATEMENT = /^(?:import|export)\s+(?:type\s+)?(?:(\{[^}]*\})|\*(?:\s+as\s+\w+)?)\s+from\s+"(\.[^"]+)"/gm;
const EXPRESSION = /(?:import\(|^import )["`](\.[^"`]+)["`]/gm;
const EXPORT = /^export (?:abstract )?(?:async )?(const|function\*?|class|type) ([\w$]+)/gm;

const read = (files: readonly string[]) => new Map(files.map((file) => [file, moduleOf(file)]));

function filesOf(rooms: readonly string[]): string[] {
  return rooms
    .flatMap((room) => readdirSync(room, { recursive: true, encoding: "utf8" }).map((name) => join(room, name)))
    .filter((file) => /\.tsx?$/.test(file) && !file.endsWith(".d.ts"));
}

function moduleOf(file: string): Module {
  const text = readFileSync(file, "utf8");
  const at = (path = "") => join(dirname(file), path);
  const statements = [...text.matchAll(STATEMENT)].map(([, names, path]) => ({
    from: at(path),
    names: names
      ?.slice(1, -1)
      .split(",")
      .map((name) =>
        name
          .trim()
          .replace(/^type /, "")
          .replace(/ as .*/, ""),
      )
      .filter(Boolean),
  }));
  const expressions = [...text.matchAll(EXPRESSION)].map(([, path]) => ({ from: at(path), names: undefined }));
  return { text, imports: [...statements, ...expressions] };
}

/** The first circle of imports, as the modules on it. */
function circleIn(modules: ReadonlyMap<string, Pick<Module, "imports">>): string[] | undefined {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const { from } of modules.get(file)?.imports ?? []) {
      const circle = visit(from, [...path, file]);
      if (circle) return circle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of modules.keys()) {
    const circle = visit(file, []);
    if (circle) return circle;
  }
  return undefined;
}

/** Exports that no other module takes. A type may also name what its own module's signatures are made of. */
function unusedIn(checked: readonly string[], modules: ReadonlyMap<string, Module>): string[] {
  const taken = [...modules.values()].flatMap(({ imports }) => imports);
  return checked.flatMap((file) => {
    const text = modules.get(file)?.text ?? "";
    const mine = taken.filter(({ from }) => from === file);
    if (mine.some(({ names }) => names === undefined)) return [];
    const names = new Set(mine.flatMap(({ names = [] }) => names));
    return [...text.matchAll(EXPORT)]
      .filter(([, kind, name = ""]) => !names.has(name) && !(kind === "type" && isNamedTwice(text, name)))
      .map(([, , name]) => `${file}: ${name}`);
  });
}

function isNamedTwice(text: string, name: string): boolean {
  return text.split(new RegExp(`(?<![\\w$])${name}(?![\\w$])`)).length > 2;
}

const program = filesOf(ROOMS);

test("no module imports itself over others, types included", () => {
  expect(circleIn(read(program))).toBeUndefined();
});

test("everything that a module exports is imported by another one", () => {
  // Lambda takes the first by their name, esbuild the second by their path, and Stryker the last.
  const checked = program.filter((file) => !/^(functions|\.ci\/bundle\/stand-ins)\/|in-process-runner/.test(file));
  expect(unusedIn(checked, read([...program, ...filesOf(["test"]), "esbuild.config.ts", "vitest.config.ts"]))).toEqual(
    [],
  );
});

test("the check finds a circle and an export that nothing imports", () => {
  const takes = (from: string, names: string[]) => ({ imports: [{ from, names }], text: "export const a = 1;" });
  const circle = new Map([
    ["a.ts", takes("b.ts", ["a"])],
    ["b.ts", takes("c.ts", ["a"])],
    ["c.ts", takes("b.ts", ["b"])],
  ]);
  expect(circleIn(circle)).toEqual(["b.ts", "c.ts", "b.ts"]);
  expect(unusedIn([...circle.keys()], circle)).toEqual(["a.ts: a"]);
});
