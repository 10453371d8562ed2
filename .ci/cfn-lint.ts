import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { pythonEnvironment } from "./python.ts";

// Holds the templates of cdk.out against CloudFormation's own rules. W3005 only says that CDK writes down
// dependencies which CloudFormation would find by itself.
const home = pythonEnvironment("cfn-lint", ".ci/cfn-lint/requirements.txt");
const templates = readdirSync("cdk.out").filter((file) => file.endsWith(".template.json"));
const { status } = spawnSync(
  `${home}/bin/cfn-lint`,
  ["--ignore-checks", "W3005", "--", ...templates.map((file) => `cdk.out/${file}`)],
  { stdio: "inherit" },
);
process.stdout.write(status === 0 ? `cfn-lint finds nothing in ${templates.join(", ")}\n` : "");
process.exitCode = status ?? 1;
