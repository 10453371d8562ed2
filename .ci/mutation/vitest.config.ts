import { defineConfig } from "vitest/config";
import { GROUP_NAMES, GROUP_VARIABLE, GROUPS, LEFT_OUT } from "./groups.ts";

// Runs only the tests of one group, without servers and without the scan of log records.
const group = GROUP_NAMES.find((name) => name === process.env[GROUP_VARIABLE]);
if (group === undefined) throw new Error(`${GROUP_VARIABLE} names none of ${GROUP_NAMES.join(", ")}`);

// biome-ignore lint/style/noDefaultExport: vitest needs a default export
export default defineConfig({
  test: {
    // Stryker already runs each mutant in a worker of its own.
    isolate: false,
    env: { POWERTOOLS_LOG_LEVEL: "INFO" },
    include: [...GROUPS[group].tests],
    exclude: LEFT_OUT,
    setupFiles: ".ci/mutation/seed.ts",
  },
});
