/** A stream that may be a terminal. */
export type Terminal = { isTTY?: boolean; columns?: number; write(text: string): unknown };

const CLEAR_LINE = "\r\u001b[2K";

/** Shows the progress of a long run in one line that changes, on terminals only. */
export class Progress {
  readonly #terminal: Terminal | undefined;
  #shown = "";

  constructor(terminal: Terminal = process.stderr) {
    this.#terminal = terminal.isTTY ? terminal : undefined;
  }

  /** Replaces the line. */
  show(text: string): void {
    this.#shown = text;
    this.#terminal?.write(`${CLEAR_LINE}${text.slice(0, (this.#terminal.columns || 80) - 1)}`);
  }

  /** Writes a permanent line to standard output, above the line that changes. */
  print(text: string): void {
    this.#terminal?.write(CLEAR_LINE);
    process.stdout.write(`${text}\n`);
    if (this.#shown) this.show(this.#shown);
  }

  /** Removes the line. */
  end(): void {
    this.#shown = "";
    this.#terminal?.write(CLEAR_LINE);
  }
}
