import { defineConfig } from "vitest/config";

// What starts servers for most of its tests; everything else is checked before each commit.
const SERVERS = ["test/**/*.integration.test.ts", "test/local/**/*.test.ts"];

export default defineConfig({
  test: {
    // Tests that read the records start the service as a process of its own.
    env: { POWERTOOLS_LOG_LEVEL: "SILENT", POWERTOOLS_METRICS_DISABLED: "true" },
    projects: [
      { test: { name: "unit", include: ["test/**/*.test.ts"], exclude: SERVERS } },
      { test: { name: "integration", include: SERVERS, testTimeout: 120_000, hookTimeout: 60_000 } },
    ],
  },
});
