import { readdirSync } from "node:fs";
import { runChild } from "../commands/children.ts";
import { pythonEnvironment } from "./python.ts";

/** Holds the templates of a folder against CloudFormation's own rules. @returns 0 if they keep them all */
export async function lintTemplates(folder: string): Promise<number> {
  const home = await pythonEnvironment("cfn-lint", ".ci/cfn-lint/requirements.txt");
  const templates = readdirSync(folder).filter((file) => file.endsWith(".template.json"));
  // W3005 only says that CDK writes down dependencies which CloudFormation would find by itself.
  const paths = templates.map((file) => `${folder}/${file}`);
  const status = await runChild(`${home}/bin/cfn-lint`, ["--ignore-checks", "W3005", "--", ...paths]);
  if (status === 0) process.stdout.write(`cfn-lint finds nothing in ${templates.join(", ")}\n`);
  return status;
}
