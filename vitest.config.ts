import { defineConfig } from "vitest/config";

// What starts servers or takes seconds to load; everything else is checked before each commit.
const SLOW = ["test/**/*.integration.test.ts", "test/local/**/*.test.ts", "test/infra/**/*.test.ts"];

export default defineConfig({
  test: {
    // As deployed; the records are kept from the screen and read at the end.
    env: { POWERTOOLS_LOG_LEVEL: "INFO" },
    globalSetup: "test/support/scan-records.ts",
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: SLOW,
          setupFiles: "test/support/keep-records.ts",
        },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: SLOW,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          setupFiles: "test/support/keep-records.ts",
        },
      },
    ],
  },
});
