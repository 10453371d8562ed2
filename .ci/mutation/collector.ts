type Step = (...values: unknown[]) => unknown;
type Scope = { outer: Scope | undefined; beforeAll: Step[]; afterAll: Step[]; beforeEach: Step[]; afterEach: Step[] };
type Collected = { name: string; run: Step; scope: Scope };

/** What became of one test. `failure` is undefined if it passed. */
export type Outcome = { name: string; milliseconds: number; failure: string | undefined };

/** Collects the tests of one file, in place of vitest's functions of the same names, and runs them. */
export class Collector {
  #scope = aScope();
  #tests: Collected[] = [];

  readonly api = {
    test: Object.assign((name: string, ...rest: unknown[]) => this.#add(name, stepIn(rest)), {
      each:
        (cases: readonly unknown[]) =>
        (name: string, ...rest: unknown[]) => {
          const step = stepIn(rest);
          for (const one of cases) this.#add(name, () => (Array.isArray(one) ? step(...one) : step(one)));
        },
    }),
    describe: Object.assign((_: string, body: Step) => this.#within(body), {
      runIf: (condition: unknown) => (_: string, body: Step) => (condition ? this.#within(body) : undefined),
    }),
    beforeAll: (step: Step) => this.#scope.beforeAll.push(step),
    afterAll: (step: Step) => this.#scope.afterAll.unshift(step),
    beforeEach: (step: Step) => this.#scope.beforeEach.push(step),
    afterEach: (step: Step) => this.#scope.afterEach.unshift(step),
  };

  /** Forgets the tests of the file before. */
  clear(): void {
    this.#scope = aScope();
    this.#tests = [];
  }

  #within(body: Step): void {
    const outer = this.#scope;
    this.#scope = aScope(outer);
    body();
    this.#scope = outer;
  }

  #add(name: string, run: Step): void {
    const same = this.#tests.filter((known) => known.name === name || known.name.startsWith(`${name} #`)).length;
    this.#tests.push({ name: same === 0 ? name : `${name} #${same + 1}`, run, scope: this.#scope });
  }

  /** Runs the tests that are wanted, one after the other, until one fails. */
  async run(isWanted: (name: string) => boolean, begins: (name: string) => void): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    const begun: Scope[] = [];
    for (const { name, run, scope } of this.#tests.filter((one) => isWanted(one.name))) {
      const scopes = lineOf(scope);
      const start = performance.now();
      begins(name);
      const fresh = scopes.filter((one) => !begun.includes(one));
      begun.unshift(...fresh.toReversed());
      const before = [...fresh.flatMap((one) => one.beforeAll), ...scopes.flatMap((one) => one.beforeEach)];
      const failed = await failureOf([...before, run]);
      const notEnded = await failureOf(scopes.toReversed().flatMap((one) => one.afterEach));
      const failure = failed ?? notEnded;
      outcomes.push({ name, milliseconds: performance.now() - start, failure });
      if (failure !== undefined) break;
    }
    await failureOf(begun.flatMap((one) => one.afterAll));
    return outcomes;
  }
}

function aScope(outer?: Scope): Scope {
  return { outer, beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] };
}

/** The scopes around a test, the outermost first. */
function lineOf(scope: Scope): Scope[] {
  return scope.outer ? [...lineOf(scope.outer), scope] : [scope];
}

function stepIn(rest: readonly unknown[]): Step {
  const step = rest.find((one) => typeof one === "function");
  if (step === undefined) throw new Error("a test has no function");
  return step as Step;
}

async function failureOf(steps: readonly Step[]): Promise<string | undefined> {
  try {
    for (const step of steps) await step();
    return undefined;
  } catch (error) {
    return String(error);
  }
}
