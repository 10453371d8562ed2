/** Code that is mutated, the tests that must detect the mutants, and the least share that they detect, in percent. */
export type Group = { files: readonly string[]; tests: readonly string[]; least: number };

/**
 * Globs and paths from the root of the project. A group has only fast tests, because every mutant runs all tests that
 * reach its code.
 */
export const GROUPS = {
  domain: { files: ["lib/domain/*.ts"], tests: ["test/domain/*.test.ts"], least: 90 },
  security: {
    files: ["lib/chapa/signature.ts", "lib/http/principal.ts"],
    tests: ["test/attack/vectors/signatures.test.ts", "test/http/principal.test.ts"],
    least: 80,
  },
  table: {
    files: ["lib/table/*.ts"],
    tests: ["test/table/*.test.ts", "test/support/memory-table.test.ts"],
    least: 80,
  },
} as const satisfies Record<string, Group>;

export type GroupName = keyof typeof GROUPS;
export const GROUP_NAMES = Object.keys(GROUPS).filter((name): name is GroupName => name in GROUPS);

/** Tests that need a server and are too slow. */
export const LEFT_OUT = ["test/table/engines.integration.test.ts"];

/** The environment variable that names the group to the runner's processes. */
export const GROUP_VARIABLE = "MUTATION_GROUP";
