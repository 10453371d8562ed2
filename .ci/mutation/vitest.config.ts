import { defineConfig } from "vitest/config";
import { GROUP_NAMES, GROUP_VARIABLE, GROUPS, LEFT_OUT } from "./groups.ts";

// Only what concerns one group, without servers, and without the reading of records at the end.
const group = GROUP_NAMES.find((name) => name === process.env[GROUP_VARIABLE]);
if (group === undefined) throw new Error(`${GROUP_VARIABLE} names none of ${GROUP_NAMES.join(", ")}`);

// biome-ignore lint/style/noDefaultExport: vitest reads its configuration so
export default defineConfig({
  test: {
    // Each mutant has a worker of its own; one more for each file only costs time.
    isolate: false,
    env: { POWERTOOLS_LOG_LEVEL: "INFO" },
    include: [...GROUPS[group].tests],
    exclude: LEFT_OUT,
    setupFiles: ".ci/mutation/seed.ts",
  },
});
