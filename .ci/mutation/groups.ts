/** Code that is mutated, the tests that must notice, and the least share of mutants, in percent, that they notice. */
export type Group = { files: readonly string[]; tests: readonly string[]; least: number };

/**
 * Globs and paths from the root of the project. The tests of a group are those that concern its files and take moments:
 * each mutant runs the ones that reach it.
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

/** They need engines of their own. */
export const LEFT_OUT = ["test/table/engines.integration.test.ts"];

/** How the runner's processes are told which tests to take. */
export const GROUP_VARIABLE = "MUTATION_GROUP";
