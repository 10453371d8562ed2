import { execFile, execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { ROOMS, written } from "../../.ci/lint/rooms.ts";

const uses = (source: string) => `import { x } from "${source}";\nexport const y = x;`;

const FORBIDDEN: [string, string, string][] = [
  ["lib/contract/@.ts", uses("../domain/ids.ts"), "lib/contract may import"],
  ["lib/domain/@.ts", uses("@aws-sdk/lib-dynamodb"), "lib/domain may import"],
  ["lib/domain/@.ts", uses("../contract/api.ts"), "lib/domain may import"],
  ["lib/domain/@.ts", uses("node:fs"), "lib/domain may import"],
  ["lib/domain/@.ts", "export const now = Date.now();", "Time and randomness come in as parameters"],
  ["lib/domain/@.ts", "export const now = new Date();", "Time and randomness come in as parameters"],
  ["lib/domain/@.ts", "export const random = Math.random();", "Time and randomness come in as parameters"],
  ["lib/runtime/@.ts", uses("../table/payments.ts"), "lib/runtime may import"],
  ["lib/table/@.ts", uses("../chapa/client.ts"), "lib/table may import"],
  ["lib/table/@.ts", uses("../flows/resolve.ts"), "lib/table may import"],
  ["lib/chapa/@.ts", uses("../table/payments.ts"), "lib/chapa may import"],
  ["lib/services/@.ts", uses("../queue/send.ts"), "lib/services may import"],
  ["lib/queue/@.ts", uses("../http/endpoint.ts"), "lib/queue may import"],
  ["lib/redis/@.ts", uses("../table/payments.ts"), "lib/redis may import"],
  ["lib/flows/@.ts", uses("@aws-sdk/client-sqs"), "lib/flows may import"],
  ["lib/flows/@.ts", uses("../http/endpoint.ts"), "lib/flows may import"],
  ["lib/flows/@.ts", uses("../table/payments.ts"), "Flows import adapters as types only"],
  ["lib/flows/@.ts", uses("../runtime/clock.ts"), "Flows import adapters as types only"],
  ["lib/flows/@.ts", "export const now = () => Date.now();", "Time and randomness come in as parameters"],
  ["lib/http/@.ts", uses("../flows/initiate.ts"), "lib/http may import"],
  ["lib/http/@.ts", uses("../table/payments.ts"), "lib/http may import"],
  ["lib/http/pages/@.ts", uses("../../chapa/client.ts"), "lib/http may import"],
  ["lib/composition/@.ts", uses("../flows/initiate.ts"), "lib/composition may import"],
  ["functions/@.ts", uses("./chapa-webhook.ts"), "functions may import"],
  ["functions/@.ts", uses("../local/clock.ts"), "functions may import"],
  ["functions/@.ts", uses("../infra/config.ts"), "functions may import"],
  ["infra/@.ts", uses("../lib/domain/ids.ts"), "infra may import"],
  ["lib/domain/vocabulary.ts", uses("./ids.ts"), "lib/domain/vocabulary.ts may import nothing"],
  ["infra/@.ts", uses("../test/support/payments.ts"), "infra may import"],
  ["lib/flows/steps/@.ts", uses("../../http/endpoint.ts"), "lib/flows may import"],
  ["lib/flows/steps/@.ts", uses("../../table/payments.ts"), "Flows import adapters as types only"],
  ["commands/@.ts", uses("../lib/domain/ids.ts"), "commands may import"],
  ["cli/@.ts", uses("../lib/contract/routes.ts"), "cli may import"],
  ["cli/@.ts", uses("../local/clock.ts"), "cli may import"],
  ["local/@.ts", uses("../infra/config.ts"), "local may import"],
  ["local/demo/@.ts", uses("../../test/support/payments.ts"), "local may import"],
  [".ci/@.ts", uses("../functions/get-health.ts"), ".ci may import"],
  ["client/src/@.ts", uses("../../lib/domain/ids.ts"), "client may import nothing"],
  ["client/src/@.ts", "export const now = () => Date.now();", "Time and randomness come in"],
  ["examples/server/@.ts", uses("../../client/src/client.ts"), "examples may import"],
  ["test/@.ts", uses("../functions/get-health.ts"), "test may import"],
  ["test/http/@.ts", uses("../../lib/composition/limiter.ts"), "test may import"],
  ["lib/http/@.ts", "export const f = (a: 1, b: 1, c: 1, d: 1, e: 1) => [a, b, c, d, e];", "has 5 parameters"],
  ["lib/table/@.ts", 'import { z } from "zod";\nexport const s = z.string();', "import * as z from"],
  ["local/@.ts", 'import { z } from "zod";\nexport const s = z.string();', "import * as z from"],
  ["lib/table/@.ts", 'export const region = process.env["AWS_REGION"];', "Don't use process.env"],
  ["infra/@.ts", 'export const region = process.env["AWS_REGION"];', "Don't use process.env"],
  ["lib/table/@.ts", 'console.log("x");\nexport {};', "Don't use console"],
  ["local/@.ts", 'console.log("x");\nexport {};', "Don't use console"],
  ["lib/table/@.ts", "export default 1;", "Avoid default exports"],
  ["lib/table/@.ts", "export const f = (x: any) => x;", "Unexpected any"],
  ["lib/table/@.ts", "const f = async () => 1;\nf();\nexport {};", 'A "floating" Promise was found'],
];

const ALLOWED: [string, string][] = [
  [
    "lib/domain/@.ts",
    `import * as z from "zod";\nimport { createHash } from "node:crypto";\nimport type { Ref } from "./ids.ts";\nexport const y = (ref: Ref) => [z, createHash, ref];`,
  ],
  [
    "lib/flows/@.ts",
    `import type { PaymentTable } from "../table/payments.ts";\nimport { transitionForMoney } from "../domain/transitions.ts";\nexport const y = (table: PaymentTable) => [table, transitionForMoney];`,
  ],
  ["lib/contract/env.ts", 'export const region = process.env["AWS_REGION"];'],
  ["functions/@.ts", uses("../lib/flows/initiate.ts")],
  ["infra/@.ts", uses("../lib/contract/routes.ts")],
  ["test/@.ts", uses("../local/clock.ts")],
  ["lib/contract/@.ts", uses("../domain/vocabulary.ts")],
  ["infra/@.ts", uses("../lib/domain/vocabulary.ts")],
  [
    "lib/flows/steps/@.ts",
    'import type { Queue } from "../../queue/send.ts";\nexport const y = (queue: Queue<1>) => queue;',
  ],
  ["local/demo/@.ts", uses("../../lib/domain/ids.ts")],
  [".ci/@.ts", uses("../infra/config.ts")],
];

// Each case gets a file of its own in a tree of the same shape, and the linter runs once over all of them.
const CASES = [...FORBIDDEN, ...ALLOWED].map(([path, source], index) => ({
  path: path.replace("@", `case-${index}`),
  source,
}));

const Report = z.object({
  diagnostics: z.array(
    z.object({ message: z.string(), severity: z.string(), location: z.object({ path: z.string() }) }),
  ),
});

test("the linter's rules and the table of AGENTS.md are those of .ci/lint/rooms.ts", () => {
  const [biome, agents] = [readFileSync("biome.json", "utf8"), readFileSync("AGENTS.md", "utf8")];
  const next = written(biome, agents);
  expect(JSON.parse(biome)).toEqual(JSON.parse(next.biome));
  expect(agents).toBe(next.agents);
});

test("every folder that holds code is in .ci/lint/rooms.ts", () => {
  const folders = execFileSync("git", ["ls-files", "*.ts"], { encoding: "utf8" })
    .split("\n")
    .map((file) => /^(lib\/[^/]+|[^/]+)\//.exec(file)?.[1] ?? ".");
  const rooms = ROOMS.map(({ path }) => path);
  expect([...new Set(folders)].filter((folder) => folder !== "." && !rooms.includes(folder))).toEqual([]);
});

describe("the rules between rooms", () => {
  let root: string;
  let said: Map<string, string[]>;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), "rooms-"));
    cpSync(".ci/lint", join(root, ".ci/lint"), { recursive: true });
    const { vcs, ...config } = JSON.parse(readFileSync("biome.json", "utf8"));
    writeFileSync(join(root, "biome.json"), JSON.stringify(config));
    for (const { path, source } of CASES) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), `${source}\n`);
    }
    said = await lint(root);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test.each(FORBIDDEN.map((row, index) => [...row, index] as const))(
    "the linter refuses in %s: %j",
    (_path, _source, message, index) => {
      expect(said.get(CASES[index]?.path ?? "")?.join("\n")).toContain(message);
    },
  );

  test.each(ALLOWED.map((row, index) => [...row, index + FORBIDDEN.length] as const))(
    "the linter accepts in %s: %j",
    (_path, _source, index) => {
      expect(said.get(CASES[index]?.path ?? "")).toBeUndefined();
    },
  );
});

/** What the linter says, by file. */
async function lint(root: string): Promise<Map<string, string[]>> {
  const program = resolve("node_modules/.bin/biome");
  const text = await new Promise<string>((done) => {
    const options = ["lint", "--reporter=json", "--max-diagnostics=none", "."];
    execFile(program, options, { cwd: root, maxBuffer: 1e8 }, (_error, stdout) => done(stdout));
  });
  const said = new Map<string, string[]>();
  for (const { message, severity, location } of Report.parse(JSON.parse(text)).diagnostics) {
    if (severity === "error") said.set(location.path, [...(said.get(location.path) ?? []), message]);
  }
  return said;
}
