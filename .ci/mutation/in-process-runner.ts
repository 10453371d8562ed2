import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Script } from "node:vm";
import { INSTRUMENTER_CONSTANTS, type InstrumenterContext } from "@stryker-mutator/api/core";
import { declareClassPlugin, PluginKind } from "@stryker-mutator/api/plugin";
import {
  type DryRunResult,
  DryRunStatus,
  determineHitLimitReached,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
  TestStatus,
  toMutantRunResult,
} from "@stryker-mutator/api/test-runner";
import { build, type Plugin } from "esbuild";
import * as vitest from "vitest";
import { Collector } from "./collector.ts";
import { GROUP_NAMES, GROUP_VARIABLE, GROUPS, LEFT_OUT } from "./groups.ts";

/** Loads one test file, and with it the code that it tests, if no other file has done so. */
type Load = () => unknown;
type Bundle = (require: (name: string) => unknown) => ReadonlyMap<string, Load>;

/**
 * Runs the tests of a group in this process. A bundle of all of them is evaluated anew for each mutant, which takes
 * milliseconds where a worker of vitest takes a second. What a test file does while it loads counts as done by each
 * of its tests, so a mutant is met only by the files that reach it.
 */
class InProcessRunner implements TestRunner {
  readonly #files: readonly string[];
  readonly #packages = new Map<string, unknown>();
  #bundle: Bundle | undefined;

  constructor() {
    const group = GROUP_NAMES.find((name) => name === process.env[GROUP_VARIABLE]);
    if (group === undefined) throw new Error(`${GROUP_VARIABLE} names none of ${GROUP_NAMES.join(", ")}`);
    this.#files = globSync([...GROUPS[group].tests], { exclude: LEFT_OUT }).toSorted();
    process.env["POWERTOOLS_LOG_LEVEL"] = "INFO";
  }

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init(): Promise<void> {
    const entries = this.#files.map((file) => `["${file}", () => require("./${file}")]`);
    const { outputFiles, metafile } = await build({
      stdin: {
        contents: `import "./.ci/mutation/seed.ts"; module.exports = new Map([${entries.join(", ")}]);`,
        resolveDir: process.cwd(),
      },
      bundle: true,
      write: false,
      metafile: true,
      format: "cjs",
      platform: "node",
      target: "node24",
      packages: "external",
      logLevel: "error",
      plugins: [OWN_URLS],
    });
    // Some packages can only be imported. One without a default export is its own.
    const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
    for (const { path } of imports) {
      const loaded: Record<string, unknown> = await import(path);
      this.#packages.set(path, loaded["default"] ?? loaded);
    }
    const code = outputFiles[0]?.text ?? "";
    const whole = `(require) => { const module = { exports: {} }; const { exports } = module; ${code}; return module.exports; }`;
    this.#bundle = new Script(whole, { filename: "tests.cjs" }).runInThisContext() as Bundle;
  }

  async dryRun(): Promise<DryRunResult> {
    const tests: TestResult[] = [];
    const perTest: Record<string, Record<string, number>> = {};
    for (const file of this.#files) {
      const coverage = { static: {} as Record<string, number>, perTest: {} as typeof perTest };
      Object.assign(namespace, { activeMutant: undefined, mutantCoverage: coverage });
      const ran = await this.#run([file]);
      if (ran.failedToLoad) return { status: DryRunStatus.Error, errorMessage: ran.failedToLoad };
      tests.push(...ran.tests);
      for (const { id } of ran.tests) perTest[id] = added(coverage.perTest[id] ?? {}, coverage.static);
    }
    return { status: DryRunStatus.Complete, tests, mutantCoverage: { static: {}, perTest } };
  }

  async mutantRun({ activeMutant, hitLimit, testFilter, sandboxFileName }: MutantRunOptions): Promise<MutantRunResult> {
    Object.assign(namespace, { activeMutant: activeMutant.id, hitCount: 0, hitLimit });
    const wanted = testFilter && new Set(testFilter);
    const own = relative("", sandboxFileName).replace(/^lib/, "test").replace(/\.ts$/, ".test.ts");
    const reaching = this.#files.filter((file) => !wanted || testFilter.some((id) => id.startsWith(`${file}#`)));
    const ran = await this.#run(
      [...reaching.filter((file) => file === own), ...reaching.filter((file) => file !== own)],
      wanted,
    );
    const hit = determineHitLimitReached(namespace.hitCount, hitLimit);
    if (hit) return toMutantRunResult(hit);
    if (ran.failedToLoad && !ran.hasFailed)
      return toMutantRunResult({ status: DryRunStatus.Error, errorMessage: ran.failedToLoad });
    return toMutantRunResult({ status: DryRunStatus.Complete, tests: ran.tests });
  }

  /** Runs until a test fails. */
  async #run(files: readonly string[], wanted?: ReadonlySet<string>) {
    const ran = { tests: [] as TestResult[], hasFailed: false, failedToLoad: "" };
    const collector = new Collector();
    const api = { ...vitest, ...collector.api, vi: { ...vitest.vi, ...ENVIRONMENT } };
    const load = (name: string) => (name === "vitest" ? api : this.#packages.get(name));
    const loads = this.#bundle?.(load);
    for (const file of files) {
      collector.clear();
      Object.assign(namespace, { currentTestId: undefined });
      try {
        loads?.get(file)?.();
      } catch (error) {
        ran.failedToLoad = `${file}: ${error}`;
        continue;
      }
      const idOf = (name: string) => `${file}#${name}`;
      const outcomes = await collector.run(
        (name) => wanted?.has(idOf(name)) ?? true,
        (name) => Object.assign(namespace, { currentTestId: idOf(name) }),
      );
      ran.tests.push(
        ...outcomes.map(({ name, milliseconds, failure }): TestResult => {
          const base = { id: idOf(name), name, timeSpentMs: milliseconds, fileName: resolve(file) };
          return failure === undefined
            ? { ...base, status: TestStatus.Success }
            : { ...base, status: TestStatus.Failed, failureMessage: failure };
        }),
      );
      ran.hasFailed = outcomes.some(({ failure }) => failure !== undefined);
      if (ran.hasFailed) break;
    }
    return ran;
  }
}

const namespace: InstrumenterContext = {};
Object.assign(globalThis, { [INSTRUMENTER_CONSTANTS.NAMESPACE]: namespace });

// Vitest keeps these of its functions for its own workers. Time limits of single tests are not needed: Stryker has one.
const before = new Map<string, string | undefined>();
const ENVIRONMENT = {
  setConfig() {},
  stubEnv(name: string, value: string) {
    if (!before.has(name)) before.set(name, process.env[name]);
    process.env[name] = value;
  },
  unstubAllEnvs() {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    before.clear();
  },
};

// A bundle has no address; its files keep theirs.
const OWN_URLS: Plugin = {
  name: "own addresses",
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      return { contents: source.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href)), loader: "ts" };
    }),
};

function added(a: Record<string, number>, b: Record<string, number>): Record<string, number> {
  const sum = { ...a };
  for (const [id, times] of Object.entries(b)) sum[id] = (sum[id] ?? 0) + times;
  return sum;
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, "in-process", InProcessRunner)];
