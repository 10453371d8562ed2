import { defineConfig } from "vitest/config";

// What starts servers or takes seconds to load; everything else is checked before each commit.
const SLOW = ["test/**/*.integration.test.ts", "test/local/**/*.test.ts", "test/infra/**/*.test.ts"];

export default defineConfig({
  test: {
    // Tests that read the records start the service as a process of its own.
    env: { POWERTOOLS_LOG_LEVEL: "SILENT", POWERTOOLS_METRICS_DISABLED: "true" },
    projects: [
      { test: { name: "unit", include: ["test/**/*.test.ts"], exclude: SLOW } },
      { test: { name: "integration", include: SLOW, testTimeout: 120_000, hookTimeout: 60_000 } },
    ],
  },
});
