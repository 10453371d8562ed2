import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { Progress } from "./test/support/progress.ts";

// What starts servers or takes seconds to load; everything else is checked before each commit.
const SLOW = ["test/**/*.integration.test.ts", "test/local/**/*.test.ts", "test/infra/**/*.test.ts"];

export default defineConfig({
  test: {
    // As deployed; the records are kept from the screen and read at the end.
    // A busy machine is no outage: the deadlines of what functions ask are wide, and a test that waits for one to pass
    // says so. A timeout is for what hangs.
    // The programs that tests start share what Node has compiled: most of their start is that.
    env: {
      POWERTOOLS_LOG_LEVEL: "INFO",
      DEADLINE_FACTOR: "20",
      SERVICE_DEADLINE_FACTOR: "1",
      NODE_COMPILE_CACHE: fileURLToPath(new URL("node_modules/.cache/node", import.meta.url)),
    },
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    // The files of a worker share its modules; one cloud at a time runs in a worker.
    isolate: false,
    maxWorkers: 2,
    reporters: process.stdout.isTTY ? ["default"] : [new Progress()],
    // Node runs the sources as it does everywhere else here; nothing is transformed, and no module is replaced.
    experimental: { viteModuleRunner: false, nodeLoader: false },
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
          setupFiles: "test/support/keep-records.ts",
        },
      },
    ],
  },
});
