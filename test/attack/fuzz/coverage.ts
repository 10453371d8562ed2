import { type Profiler, Session } from "node:inspector";

/** The code that one part of a run has reached: by file, one byte for each character. */
type Reached = Map<string, Uint8Array>;

/**
 * Code coverage as V8 counts it. It must start before the watched files are loaded, because V8 counts branches only in
 * code that it compiles afterwards.
 */
export class Coverage {
  readonly #session = new Session();
  readonly #watches: (url: string) => boolean;
  readonly #edges = new Map<string, Set<number>>();
  #known: Reached = new Map();

  constructor(watches: (url: string) => boolean) {
    this.#watches = watches;
    this.#session.connect();
    this.#session.post("Profiler.enable");
    this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** Clears the coverage for another target. */
  restart(): void {
    this.take();
    this.#known = new Map();
    this.#edges.clear();
  }

  /** What was reached since the last call. */
  take(): Reached {
    const reached: Reached = new Map();
    this.#session.post("Profiler.takePreciseCoverage", (error, taken) => {
      if (error) throw error;
      for (const script of taken.result) if (this.#watches(script.url)) reached.set(script.url, this.#paint(script));
    });
    return reached;
  }

  /** Whether new code was reached. */
  isNew(reached: Reached): boolean {
    return [...reached].some(([url, now]) => {
      const known = this.#known.get(url);
      return now.some((hit, at) => hit === 1 && known?.[at] !== 1);
    });
  }

  learn(reached: Reached): void {
    for (const [url, now] of reached) {
      const known = this.#known.get(url);
      const size = Math.max(now.length, known?.length ?? 0);
      this.#known.set(
        url,
        Uint8Array.from({ length: size }, (_, at) => (known?.[at] ?? 0) | (now[at] ?? 0)),
      );
    }
  }

  /** How many blocks of code have been reached, as far as V8 tells them apart. */
  blocks(): number {
    let blocks = 0;
    for (const [url, edges] of this.#edges) {
      const known = this.#known.get(url);
      for (const edge of edges) if (known?.[edge] === 1) blocks++;
    }
    return blocks;
  }

  // Ranges are sorted from outer to inner, so the innermost one overwrites the others.
  #paint({ url, functions }: Profiler.ScriptCoverage): Uint8Array {
    const ranges = functions.flatMap((one) => one.ranges);
    const reached = new Uint8Array(Math.max(0, ...ranges.map(({ endOffset }) => endOffset)));
    const edges = this.#edges.get(url) ?? new Set();
    this.#edges.set(url, edges);
    for (const { startOffset, endOffset, count } of ranges) {
      reached.fill(count > 0 ? 1 : 0, startOffset, endOffset);
      edges.add(startOffset);
    }
    return reached;
  }
}
