import type { Coverage } from "./coverage.ts";
import { mutated, Random, shrunk } from "./mutate.ts";

/** A parser and the invariant that must hold for any bytes. `words` are texts that the parser may look for. */
export type Target = {
  name: string;
  seeds: readonly string[];
  words: readonly string[];
  /** @throws Broken if the invariant is broken */
  run(input: Buffer): unknown;
};

export type Crash = { invariant: string; input: Buffer };

export type Report = {
  execs: number;
  /** Number of inputs that reached new code. */
  corpus: number;
  blocks: number;
  crashes: Crash[];
  slowestMs: number;
  slowestBytes: number;
  seconds: number;
};

// Reading the coverage costs as much as many runs, so it is read once for a batch of this size. The size is constant, so
// that a seed gives the same inputs on every machine.
const BATCH = 512;
const INVARIANTS_REPORTED = 10;

/** Runs a target on mutations of inputs that reached new code. @param coverage undefined: without feedback */
export async function fuzz(
  target: Target,
  options: { execs: number; seed: number; coverage?: Coverage | undefined },
): Promise<Report> {
  const run = new Run(target);
  const { coverage } = options;
  const random = new Random(options.seed);
  const words = target.words.map((word) => Buffer.from(word, "utf8"));
  const corpus: Buffer[] = target.seeds.map((seed) => Buffer.from(seed, "utf8"));
  coverage?.restart();
  await run.all(corpus);
  coverage?.learn(coverage.take());

  while (run.execs < options.execs) {
    const inputs = Array.from({ length: BATCH }, () =>
      // The newest inputs are the most likely to reach more new code.
      mutated(random.below(3) > 0 ? random.of(corpus.slice(-32)) : random.of(corpus), random, words, corpus),
    );
    await run.all(inputs);
    if (!coverage) continue;
    const reached = coverage.take();
    if (coverage.isNew(reached)) corpus.push(...(await whichAreNew(inputs, run, coverage)));
    coverage.learn(reached);
  }
  return { ...(await run.report()), corpus: corpus.length, blocks: coverage?.blocks() ?? 0 };
}

/** The inputs of a batch that reach new code, found by bisection. */
async function whichAreNew(inputs: readonly Buffer[], run: Run, coverage: Coverage): Promise<Buffer[]> {
  coverage.take();
  await run.all(inputs);
  const reached = coverage.take();
  if (!coverage.isNew(reached)) return [];
  if (inputs.length === 1) {
    coverage.learn(reached);
    return [...inputs];
  }
  const middle = Math.ceil(inputs.length / 2);
  return [
    ...(await whichAreNew(inputs.slice(0, middle), run, coverage)),
    ...(await whichAreNew(inputs.slice(middle), run, coverage)),
  ];
}

class Run {
  readonly #target: Target;
  readonly #startedAt = performance.now();
  readonly #crashes = new Map<string, Buffer>();
  execs = 0;
  #slowest = { ms: 0, bytes: 0 };

  constructor(target: Target) {
    this.#target = target;
  }

  async all(inputs: readonly Buffer[]): Promise<void> {
    for (const input of inputs) await this.#one(input);
  }

  async #one(input: Buffer): Promise<void> {
    this.execs++;
    const startedAt = performance.now();
    const invariant = await this.#brokenBy(input);
    const ms = performance.now() - startedAt;
    if (invariant !== undefined && !this.#crashes.has(invariant) && this.#crashes.size < INVARIANTS_REPORTED)
      this.#crashes.set(invariant, input);
    if (ms > this.#slowest.ms) await this.#notice(input, ms);
  }

  // A garbage collection can slow down any run, so the fastest of three more runs counts.
  async #notice(input: Buffer, ms: number): Promise<void> {
    let quickest = ms;
    for (let again = 0; again < 3; again++) {
      const startedAt = performance.now();
      await this.#brokenBy(input);
      quickest = Math.min(quickest, performance.now() - startedAt);
    }
    if (quickest > this.#slowest.ms) this.#slowest = { ms: quickest, bytes: input.length };
  }

  async #brokenBy(input: Buffer): Promise<string | undefined> {
    try {
      const outcome = this.#target.run(input);
      if (outcome instanceof Promise) await outcome;
      return undefined;
    } catch (error) {
      return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    }
  }

  async report(): Promise<Omit<Report, "corpus" | "blocks">> {
    const crashes: Crash[] = [];
    for (const [invariant, input] of this.#crashes) {
      crashes.push({
        invariant,
        input: await shrunk(input, async (smaller) => (await this.#brokenBy(smaller)) === invariant),
      });
    }
    const seconds = (performance.now() - this.#startedAt) / 1000;
    return { execs: this.execs, crashes, slowestMs: this.#slowest.ms, slowestBytes: this.#slowest.bytes, seconds };
  }
}
