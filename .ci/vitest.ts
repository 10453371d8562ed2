import type { PassesOn } from "../commands/command.ts";

/** Passes paths and all options of Vitest on to Vitest. */
export const VITEST: PassesOn = {
  program: "Vitest",
  shape: "Vitest's paths and options",
  findUnknown: async (args) => {
    const { createCLI } = await import("vitest/node");
    const vitest = createCLI();
    vitest.parse(["node", "vitest", "run", ...args], { run: false });
    try {
      vitest.matchedCommand?.checkUnknownOptions();
    } catch (error) {
      const unknown = error instanceof Error ? /Unknown option `(.+)`/.exec(error.message)?.[1] : undefined;
      if (unknown === undefined) throw error;
      return unknown;
    }
    return undefined;
  },
};

/** Runs `vitest run` in this process, so that it receives key presses and Ctrl+C. */
export async function becomeVitest(args: readonly string[]): Promise<void> {
  const program = new URL("../node_modules/vitest/vitest.mjs", import.meta.url);
  process.argv.splice(1, Number.POSITIVE_INFINITY, program.pathname, "run", ...args);
  await import(program.href);
}
