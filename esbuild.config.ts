import { writeFileSync } from "node:fs";
import { BUDGETS_FILE, budgetsFor, bundleTable, faultsIn, writtenBudgets } from "./.ci/bundle/budget.ts";
import { bundleFunctions } from "./.ci/bundle/bundle.ts";
import { Command } from "./commands/command.ts";
import { flag } from "./commands/options.ts";
import { moveIntoPlace, openWorkspace } from "./commands/workspace.ts";

const command = new Command({
  name: "npm run build",
  summary: "Writes each function's bundle into dist/ and prints what is inside; fails on a bundle over its budget.",
  duration: "4 seconds",
  options: { "new-budgets": flag(`writes ${BUDGETS_FILE} anew: what is measured and 3 %, at most the ceilings`) },
  examples: { "npm run build": "builds every function" },
});

const { "new-budgets": isRenewed } = command.read();
const workspace = openWorkspace("build");
const folder = `${workspace}/dist`;
const bundles = await bundleFunctions(folder);
if (isRenewed) writeFileSync(BUDGETS_FILE, `${JSON.stringify(budgetsFor(bundles), undefined, 2)}\n`);
const budgets = writtenBudgets();
process.stdout.write(`${bundleTable(bundles, budgets)}\n`);
const faults = faultsIn(bundles, budgets);
if (faults.length > 0) {
  process.stderr.write(`${faults.join("\n")}\n`);
  process.exitCode = 1;
} else {
  moveIntoPlace(folder, "dist");
  process.stdout.write(`built ${bundles.length} functions into dist/\n`);
}
