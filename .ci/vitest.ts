import type { PassesOn } from "../commands/command.ts";

/** What a command hands on to Vitest: paths, and every option that Vitest knows. */
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

/** Ends this program as `vitest run` in the same process, so that keys and Ctrl+C reach it. */
export async function becomeVitest(args: readonly string[]): Promise<void> {
  const program = new URL("../node_modules/vitest/vitest.mjs", import.meta.url);
  process.argv.splice(1, Number.POSITIVE_INFINITY, program.pathname, "run", ...args);
  await import(program.href);
}
