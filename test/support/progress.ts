import { DefaultReporter, type TestModule, type TestSpecification } from "vitest/node";

/** In a pipe: after each file a line that says how far the run is. On a terminal vitest shows it by itself. */
export class Progress extends DefaultReporter {
  #done = 0;
  #total = 0;

  override onTestRunStart(specifications: readonly TestSpecification[]): void {
    [this.#done, this.#total] = [0, specifications.length];
    super.onTestRunStart([...specifications]);
  }

  override onTestModuleEnd(module: TestModule): void {
    super.onTestModuleEnd(module);
    this.#done++;
    this.log(`${this.#done} of ${this.#total} files`);
  }
}
