import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";

const uses = (source: string) => `import { x } from "${source}";\nexport const y = x;`;

const FORBIDDEN: [string, string, string][] = [
  ["lib/contract/@.ts", uses("../domain/ids.ts"), "lib/contract imports zod and itself only"],
  ["lib/domain/@.ts", uses("@aws-sdk/lib-dynamodb"), "lib/domain is pure"],
  ["lib/domain/@.ts", uses("../contract/api.ts"), "lib/domain is pure"],
  ["lib/domain/@.ts", uses("node:fs"), "lib/domain is pure"],
  ["lib/domain/@.ts", "export const now = Date.now();", "Time and randomness come in as parameters"],
  ["lib/domain/@.ts", "export const now = new Date();", "Time and randomness come in as parameters"],
  ["lib/domain/@.ts", "export const dice = Math.random();", "Time and randomness come in as parameters"],
  ["lib/runtime/@.ts", uses("../table/payments.ts"), "lib/runtime stands below the adapters"],
  ["lib/table/@.ts", uses("../chapa/client.ts"), "lib/table knows DynamoDB and the domain"],
  ["lib/table/@.ts", uses("../flows/resolve.ts"), "lib/table knows DynamoDB and the domain"],
  ["lib/chapa/@.ts", uses("../table/payments.ts"), "lib/chapa knows Chapa and the domain"],
  ["lib/services/@.ts", uses("../queue/send.ts"), "lib/services knows the sibling services"],
  ["lib/queue/@.ts", uses("../http/endpoint.ts"), "lib/queue knows SQS"],
  ["lib/redis/@.ts", uses("../table/payments.ts"), "lib/redis knows Upstash"],
  ["lib/flows/@.ts", uses("@aws-sdk/client-sqs"), "A flow knows the domain"],
  ["lib/flows/@.ts", uses("../http/endpoint.ts"), "A flow knows the domain"],
  ["lib/flows/@.ts", uses("../table/payments.ts"), "Flows import adapters as types only"],
  ["lib/flows/@.ts", uses("../runtime/clock.ts"), "Flows import adapters as types only"],
  ["lib/flows/@.ts", "export const now = () => Date.now();", "Time and randomness come in as parameters"],
  ["lib/http/@.ts", uses("../flows/initiate.ts"), "lib/http knows HTTP"],
  ["lib/http/@.ts", uses("../table/payments.ts"), "lib/http knows HTTP"],
  ["lib/http/pages/@.ts", uses("../../chapa/client.ts"), "lib/http knows HTTP"],
  ["lib/composition/@.ts", uses("../flows/initiate.ts"), "lib/composition puts adapters together"],
  ["functions/@.ts", uses("./chapa-webhook.ts"), "A function imports the library only"],
  ["functions/@.ts", uses("../local/clock.ts"), "A function imports the library only"],
  ["functions/@.ts", uses("../infra/config.ts"), "A function imports the library only"],
  ["commands/@.ts", uses("../lib/domain/ids.ts"), "commands is what every program stands on"],
  ["commands/@.ts", uses("vitest/node"), "commands is what every program stands on"],
  ["infra/@.ts", uses("../lib/domain/ids.ts"), "infra agrees with the code through lib/contract only"],
  ["infra/@.ts", uses("../test/support/payments.ts"), "infra agrees with the code through lib/contract only"],
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
    `import type { PaymentTable } from "../table/payments.ts";\nimport { moveFor } from "../domain/evidence.ts";\nexport const y = (table: PaymentTable) => [table, moveFor];`,
  ],
  ["lib/contract/env.ts", 'export const region = process.env["AWS_REGION"];'],
  ["functions/@.ts", uses("../lib/flows/initiate.ts")],
  ["infra/@.ts", uses("../lib/contract/routes.ts")],
  ["test/@.ts", uses("../local/clock.ts")],
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
    "%s may not hold %j",
    (_path, _source, message, index) => {
      expect(said.get(CASES[index]?.path ?? "")?.join("\n")).toContain(message);
    },
  );

  test.each(ALLOWED.map((row, index) => [...row, index + FORBIDDEN.length] as const))(
    "%s may hold %j",
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
