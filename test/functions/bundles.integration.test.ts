import { build } from "esbuild";
import { beforeAll, expect, test } from "vitest";
import { FUNCTIONS, type FunctionName } from "../../lib/contract/functions.ts";

const PACKAGES = ["@aws-sdk/client-dynamodb", "@aws-sdk/client-sqs", "@upstash/ratelimit"] as const;

/** Functions whose calls are counted together with those of other processes. */
const LIMITED: readonly FunctionName[] = [
  "cancel-payment",
  "create-token",
  "initiate-payment",
  "payment-checkout",
  "payment-return",
  "resolve-payment",
  "verify-payment",
];

const names = Object.keys(FUNCTIONS) as FunctionName[];
const bundled = new Map<string, Set<string>>();

beforeAll(async () => {
  const { metafile } = await build({
    entryPoints: Object.fromEntries(names.map((name) => [name, `functions/${name}.ts`])),
    outdir: "dist",
    write: false,
    metafile: true,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    mainFields: ["module", "main"],
    minify: true,
  });
  for (const { entryPoint, inputs } of Object.values(metafile.outputs)) {
    const used = Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
    const packages = used.map(([path]) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? "");
    bundled.set(/functions\/(.+)\.ts/.exec(entryPoint ?? "")?.[1] ?? "", new Set(packages));
  }
});

test.each(names)("the function %s bundles the clients of its own variables, and no others", (name) => {
  const given: readonly string[] = FUNCTIONS[name].env;
  const needs = {
    "@aws-sdk/client-dynamodb": given.includes("TABLE_NAME"),
    "@aws-sdk/client-sqs": given.some((variable) => /_(QUEUE|DLQ)_URL$/.test(variable)),
    "@upstash/ratelimit": LIMITED.includes(name),
  };
  const found = PACKAGES.map((client) => [client, bundled.get(name)?.has(client)]);
  expect(Object.fromEntries(found)).toEqual(needs);
});
