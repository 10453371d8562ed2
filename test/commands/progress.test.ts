import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { Progress } from "../../commands/progress.ts";

class Screen extends Writable {
  readonly isTTY: boolean;
  readonly columns = 20;
  shown = "";

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  override _write(piece: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.shown += piece.toString("utf8");
    done();
  }
}

test("progress replaces one line of a terminal, cut to its width, and takes it away at the end", () => {
  const screen = new Screen(true);
  const progress = new Progress(screen);
  progress.show("1 of 1000");
  progress.show("a line that is longer than the terminal is wide");
  progress.end();
  expect(screen.shown).toBe("\r\u001b[2K1 of 1000\r\u001b[2Ka line that is long\r\u001b[2K");
});

test("progress writes nothing into a pipe", () => {
  const pipe = new Screen(false);
  const progress = new Progress(pipe);
  progress.show("1 of 1000");
  progress.end();
  expect(pipe.shown).toBe("");
});
