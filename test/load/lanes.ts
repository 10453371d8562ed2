/** Runs `play` for 0 to `many` − 1, in `lanes` at the same time. */
export async function inLanes(many: number, lanes: number, play: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < many) await play(next++);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** Counts answers by what they say. */
export class Answers {
  readonly #counts = new Map<string, number>();

  add(answer: string): void {
    this.#counts.set(answer, (this.#counts.get(answer) ?? 0) + 1);
  }

  count(answer: string): number {
    return this.#counts.get(answer) ?? 0;
  }

  toString(): string {
    return [...this.#counts].map(([answer, times]) => `${answer} ×${times}`).join(", ");
  }
}
