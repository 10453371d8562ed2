import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { ApiClient } from "../../local/api-client.ts";
import { availableEngines } from "../../local/dynamo/engine.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const CTRL_C = "\x03";
// What hangs is given up.
const GIVE_UP_MS = 60_000;
const { CTRL_C_RUNS, LOCAL_DYNAMODB } = process.env;
const RUNS = Array.from({ length: Number(CTRL_C_RUNS ?? 3) }, (_, run) => run + 1);
// Three tries on the usual engine; the gate asks for more, and for each engine.
const engines = LOCAL_DYNAMODB ? [LOCAL_DYNAMODB] : availableEngines().slice(0, CTRL_C_RUNS ? undefined : 1);
const MARK = "CTRL_C_TEST";

/** Why no terminal can be made here, or undefined: other systems' `script` takes no command and passes on no exit code. */
function missingTerminal(): string | undefined {
  const { stdout } = spawnSync("script", ["--version"], { encoding: "utf8" });
  return stdout?.includes("util-linux") ? undefined : "needs `script` of util-linux, to run npm in a terminal";
}

/** A command in a terminal of its own, and every process that comes of it. */
class Terminal {
  readonly #child: ChildProcess;
  readonly #mark = randomUUID();
  readonly #exited: Promise<unknown[]>;
  #output = "";

  constructor(command: string, environment: Record<string, string> = {}) {
    // Without exec a shell between the two would die of Ctrl+C, and `script` would tell of that.
    this.#child = spawn("script", ["-qefc", `exec ${command}`, "/dev/null"], {
      cwd: ROOT,
      env: {
        PATH: process.env["PATH"],
        HOME: process.env["HOME"],
        NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"],
        TERM: "xterm",
        ...environment,
        [MARK]: this.#mark,
      },
    });
    this.#exited = once(this.#child, "exit");
    this.#child.stdout?.on("data", (piece) => (this.#output += piece));
    onTestFinished(() => {
      for (const pid of this.processes()) process.kill(pid, "SIGKILL");
    });
  }

  get output(): string {
    return this.#output;
  }

  async shows(text: RegExp): Promise<string> {
    await expect.poll(() => this.#output, { timeout: GIVE_UP_MS }).toMatch(text);
    return text.exec(this.#output)?.[0] ?? "";
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  async exitCode(): Promise<unknown> {
    const givenUp = new Promise((resolve) => setTimeout(resolve, GIVE_UP_MS, ["still running"]).unref());
    const [code] = (await Promise.race([this.#exited, givenUp])) as unknown[];
    return code;
  }

  /** Whatever still runs and was started by the command, in its group or not. */
  processes(): number[] {
    return readdirSync("/proc")
      .filter((entry) => /^\d+$/.test(entry) && environmentOf(entry).includes(`${MARK}=${this.#mark}`))
      .map(Number);
  }
}

/** Nothing for a process that has just ended. */
function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES") return "";
    throw error;
  }
}

const reason = missingTerminal();

describe.skipIf(reason)(`Ctrl+C in a terminal${reason ? ` (${reason})` : ""}`, () => {
  test.each(engines.flatMap((engine) => RUNS.map((run) => [engine, run] as const)))(
    "a terminal stops a working npm start on %s with exit code 0 and leaves no process (%i)",
    async (engine) => {
      const terminal = new Terminal("npm start -- --port 0 --json", { LOCAL_DYNAMODB: engine });
      const address = JSON.parse(await terminal.shows(/\{"api".*\}/));
      const caller = new ApiClient(address);
      await Promise.all(Array.from({ length: 3 }, () => caller.initiate({ property_id: randomUUID(), amount: 500 })));
      terminal.type(CTRL_C);
      expect(await terminal.exitCode()).toBe(0);
      expect(terminal.output).not.toMatch(/error/i);
      await expect.poll(() => terminal.processes(), { timeout: GIVE_UP_MS }).toEqual([]);
    },
  );

  test.each(RUNS)("a terminal stops npm run chapa with exit code 0 and leaves no process (%i)", async () => {
    const terminal = new Terminal("npm run chapa -- --port 0");
    const api = (await terminal.shows(/http:\/\/127\.0\.0\.1:\d+\/v1/)).trim();
    // A browser keeps its connection.
    await fetch(`${api}/banks`);
    terminal.type(CTRL_C);
    expect(await terminal.exitCode()).toBe(0);
    await expect.poll(() => terminal.processes(), { timeout: GIVE_UP_MS }).toEqual([]);
  });
});
