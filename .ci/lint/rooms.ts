import { readFileSync, writeFileSync } from "node:fs";

/**
 * One room (folder) of the program. `node .ci/lint/rooms.ts` generates the linter's rules and the table in AGENTS.md
 * from the list of rooms, and a test compares them.
 */
type Room = {
  path: string;
  holds: string;
  /** Other rooms that it may import from. */
  imports: readonly string[];
  /** Packages it may import; absent for any. */
  packages?: readonly string[];
  /** Whether its modules may not import each other. */
  isApart?: true;
  /** Further rules, by file in `.ci/lint`. */
  plugins?: readonly string[];
};

const WORDS = "lib/domain/vocabulary.ts";
const BASE = ["lib/contract", "lib/domain"];
const ADAPTER = [...BASE, "lib/runtime"];
const LIB = [
  "lib/chapa",
  "lib/composition",
  "lib/contract",
  "lib/domain",
  "lib/flows",
  "lib/http",
  "lib/queue",
  "lib/redis",
  "lib/runtime",
  "lib/services",
  "lib/table",
];

export const ROOMS: readonly Room[] = [
  {
    path: "lib/domain",
    holds: "money, ids, states and transitions, what evidence means, when to verify: pure",
    imports: [],
    packages: ["node:crypto", "zod"],
    plugins: ["clock.grit"],
  },
  { path: WORDS, holds: "every closed list", imports: [], packages: [], isApart: true },
  {
    path: "lib/contract",
    holds: "what code, cloud, docs and tests agree on: routes, functions, variables, queues, messages, bodies, table",
    // Two settings are read as the domain reads them: prices and lengths of time.
    imports: [WORDS, "lib/domain/prices.ts", "lib/domain/time.ts"],
    packages: ["zod"],
  },
  {
    path: "lib/flows",
    holds:
      "use cases: the order of effects, one verb a file, and in `steps/` what several share; time, randomness and every outside call come in as ports; adapters as types only",
    imports: [...ADAPTER, "lib/chapa", "lib/queue", "lib/services", "lib/table"],
    packages: ["node:crypto", "zod"],
    plugins: ["clock.grit", "types-only.grit"],
  },
  {
    path: "lib/table",
    holds: "adapter: DynamoDB; keys, items, conditional writes, the stream",
    imports: ADAPTER,
    packages: [
      "@aws-sdk/client-dynamodb",
      "@aws-sdk/lib-dynamodb",
      "@aws-sdk/util-dynamodb",
      "aws-lambda",
      "node:*",
      "zod",
    ],
  },
  {
    path: "lib/chapa",
    holds: "adapter: Chapa's API with its folklore, and the authentication of its webhooks",
    imports: ADAPTER,
    packages: ["node:*", "zod"],
  },
  {
    path: "lib/services",
    holds: "adapters: User Management, the listing, the notification service and their texts",
    imports: ADAPTER,
    packages: ["node:*", "zod"],
  },
  {
    path: "lib/queue",
    holds: "adapter: SQS; sending, the handler of a queue's function",
    imports: ADAPTER,
    packages: ["@aws-sdk/client-sqs", "aws-lambda", "node:*", "zod"],
  },
  {
    path: "lib/redis",
    holds: "adapter: Upstash; shared limits and a cache",
    imports: ADAPTER,
    packages: ["@upstash/ratelimit", "@upstash/redis", "node:*", "zod"],
  },
  {
    path: "lib/http",
    holds: "requests and answers: parsing, authentication, HTTP's own errors, problems, pages",
    imports: ADAPTER,
    packages: ["@fastify/busboy", "@middy/*", "aws-lambda", "jose", "node:*", "zod", "zod-openapi"],
  },
  {
    path: "lib/runtime",
    holds: "clock, logger, metrics, the invocation's context, secrets, outgoing calls, limits of one process",
    imports: BASE,
    packages: ["@aws-lambda-powertools/*", "@aws-sdk/client-secrets-manager", "aws-lambda", "node:*", "zod"],
  },
  {
    path: "lib/composition",
    holds: "`create…` functions, one concern a file, that put adapters together for functions",
    imports: LIB.filter((room) => room !== "lib/flows" && room !== "lib/composition"),
    packages: ["@aws-sdk/lib-dynamodb", "aws-lambda", "node:crypto", "zod"],
  },
  {
    path: "functions",
    holds: "one file is one Lambda: read the environment, create its parts, at most 30 lines of handler",
    imports: LIB,
    packages: ["aws-lambda", "node:crypto", "zod"],
    isApart: true,
  },
  {
    path: "infra",
    holds:
      "the CDK stack, made from the contract; alarms (`alarms.ts`), rights (`permissions.ts`) and stages (`config.ts`) as data",
    imports: ["lib/contract", WORDS],
    packages: ["aws-cdk-lib", "aws-cdk-lib/**", "cdk-monitoring-constructs", "cdk-nag", "constructs", "node:*", "zod"],
  },
  {
    path: "commands",
    holds: "what every npm script stands on: options, help, progress",
    imports: [],
    packages: ["node:*", "zod"],
  },
  {
    path: "console",
    holds:
      "what operators see in their browser, over the public API: Preact, bundled by `npm run build` and the local cloud",
    imports: ["lib/contract", WORDS],
    packages: ["preact", "preact/hooks", "zod"],
  },
  {
    path: "cli",
    holds: "what an operator runs against a stage",
    imports: ["commands"],
    packages: ["node:*", "zod"],
  },
  {
    path: "local",
    holds: "the whole service on one machine: engines, doubles, a Chapa, a clock that moves, the scenarios of the demo",
    imports: [...LIB, "commands"],
  },
  {
    path: "client",
    holds: "the package with which browsers and programs call the API; its types are made from the API's description",
    imports: [],
    packages: [],
    plugins: ["clock.grit"],
  },
  {
    path: "examples",
    holds: "what others copy: a page that pays, and programs that pay, in TypeScript and Python",
    imports: [],
    packages: ["chapa-payments-client", "node:*"],
  },
  {
    path: "bench",
    holds: "what measures the speed of the functions, and the goals",
    imports: ["lib/contract", ".ci", "commands", "local"],
  },
  {
    path: ".ci",
    holds: "the gate, lint rules, mutation testing, what makes generated files, and what brings tools from PyPI",
    imports: [...LIB, "commands", "infra", "local", "test"],
  },
  {
    path: "test",
    holds: "mirrors the tree; functions and programs are run, not imported",
    imports: [
      ...LIB.filter((room) => room !== "lib/composition"),
      ".ci",
      "bench",
      "client",
      "commands",
      "console",
      "infra",
      "local",
    ],
  },
];

/** What the linter restricts in each room, as `overrides` of biome.json. */
function overridesOf(rooms: readonly Room[]) {
  return rooms.map((room) => {
    const { path, imports, packages, isApart, plugins } = room;
    const others = rooms
      .map((other) => other.path)
      .filter((other) => other !== path && !other.endsWith(".ts") && !imports.includes(other));
    const group = packages
      ? [
          "**",
          ...packages.map((name) => `!${name}`),
          ...(isApart ? [] : ["!./**", "!../*.ts"]),
          ...imports.flatMap((other) => pathsTo(other, path)),
        ]
      : others.map((other) => `**/${other}/**`);
    const message = `${path} may import ${listed(room)}.`;
    const noRestrictedImports = { level: "error", options: { patterns: [{ group, message }] } };
    return {
      includes: [filesOf(room)],
      linter: { rules: { style: { noRestrictedImports } } },
      ...(plugins ? { plugins: plugins.map((name) => `./.ci/lint/${name}`) } : {}),
    };
  });
}

function filesOf({ path }: Room): string {
  return path.endsWith(".ts") ? path : `${path}/**`;
}

/** Import patterns that lead from a module of `room`, or of a folder in it, to `other`. */
function pathsTo(other: string, room: string): string[] {
  const isBeside = room.startsWith("lib/") && other.startsWith("lib/");
  const [up, name] = isBeside ? ["../", other.slice("lib/".length)] : ["../".repeat(room.split("/").length), other];
  const inside = name.endsWith(".ts") ? name : `${name}/**`;
  return [`!${up}${inside}`, `!../${up}${inside}`];
}

function listed({ imports, packages }: Room): string {
  const rooms = LIB.every((room) => imports.includes(room))
    ? ["lib", ...imports.filter((room) => !LIB.includes(room))]
    : imports;
  return [...rooms, ...(packages ?? ["any package"])].join(", ") || "nothing";
}

/** The table of AGENTS.md. */
function tableOf(rooms: readonly Room[]): string {
  const rows = rooms.map((room) => `| \`${room.path}\` | ${room.holds} | ${listed(room)} |`);
  return ["| room | what is in it | may import |", "|---|---|---|", ...rows].join("\n");
}

/** Replaces the generated parts of `biome.json` and `AGENTS.md`. @returns their new texts */
export function written(biome: string, agents: string): { biome: string; agents: string } {
  const config: { overrides: { includes: string[] }[] } = JSON.parse(biome);
  const isOfRoom = ({ includes: [only, ...more] }: { includes: string[] }) =>
    more.length === 0 && ROOMS.some((room) => filesOf(room) === only);
  const overrides = [...overridesOf(ROOMS), ...config.overrides.filter((one) => !isOfRoom(one))];
  const table = /\| room \|[\s\S]*?\n(?!\|)/;
  return {
    biome: JSON.stringify({ ...config, overrides }, null, 2),
    agents: agents.replace(table, () => `${tableOf(ROOMS)}\n`),
  };
}

if (import.meta.main) {
  const next = written(readFileSync("biome.json", "utf8"), readFileSync("AGENTS.md", "utf8"));
  writeFileSync("biome.json", next.biome);
  writeFileSync("AGENTS.md", next.agents);
}
