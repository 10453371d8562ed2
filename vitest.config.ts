import { defineConfig } from "vitest/config";

// What starts servers for most of its tests; everything else is checked before each commit.
const SERVERS = ["test/**/*.integration.test.ts", "test/local/**/*.test.ts"];

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["test/**/*.test.ts"], exclude: SERVERS } },
      { test: { name: "integration", include: SERVERS, testTimeout: 120_000, hookTimeout: 60_000 } },
    ],
  },
});
