import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { mutated, Random } from "./mutate.ts";

const run = promisify(execFile);

// Code that V8 optimises while it runs is counted differently from one machine and one moment to the next.
const COUNTED_ALIKE = ["--no-opt", "--no-maglev", "--no-flush-bytecode"];
const EXECS = "16000";

async function planted(...options: string[]): Promise<{ code: number; said: string }> {
  const args = [
    ...(options.includes("--blind") ? [] : COUNTED_ALIKE),
    "test/attack/fuzz/main.ts",
    "--planted",
    "--execs",
    EXECS,
    ...options,
  ];
  try {
    // Code that was compiled before is counted less exactly.
    const { stdout } = await run(process.execPath, args, { env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: "1" } });
    return { code: 0, said: stdout };
  } catch (error) {
    const { code, stdout } = error as { code: number; stdout: string };
    return { code, said: stdout };
  }
}

test("the fuzzer finds the faults that were planted, and fails", async () => {
  const { code, said } = await planted("--seed", "2");
  expect(said).toContain("TypeError: a word that nobody thought of");
  expect(said).toContain("Error: nothing is paid without the word for it");
  expect(code).toBe(1);
});

test("the fuzzer finds faults by what it has seen run: blindly, as many tries find none", async () => {
  const { code, said } = await planted("--blind");
  expect([code, said.includes("0 crashes")]).toEqual([0, true]);
});

test("the same seed makes the same inputs, none longer than 64 KiB", () => {
  const made = (seed: number) => {
    const random = new Random(seed);
    const seeds = [Buffer.from("{}"), Buffer.alloc(70_000, "a")];
    return Array.from({ length: 500 }, () => mutated(random.of(seeds), random, [Buffer.from("word")], seeds));
  };
  expect(made(7)).toEqual(made(7));
  expect(made(7)).not.toEqual(made(8));
  expect(Math.max(...made(7).map(({ length }) => length))).toBeLessThanOrEqual(64 * 1024);
});
