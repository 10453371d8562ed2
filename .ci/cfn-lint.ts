import { readdirSync } from "node:fs";
import { runChild } from "../commands/children.ts";
import { pythonEnvironment } from "./python.ts";

/** Checks the templates in a folder with cfn-lint. @returns its exit code, 0 if no rule is broken */
export async function lintTemplates(folder: string): Promise<number> {
  const home = await pythonEnvironment("cfn-lint", ".ci/cfn-lint/requirements.txt");
  const templates = readdirSync(folder).filter((file) => file.endsWith(".template.json"));
  // W3005 reports dependencies that CDK declares although CloudFormation would infer them. They do no harm.
  const paths = templates.map((file) => `${folder}/${file}`);
  const status = await runChild(`${home}/bin/cfn-lint`, ["--ignore-checks", "W3005", "--", ...paths]);
  if (status === 0) process.stdout.write(`cfn-lint found no problem in ${templates.join(", ")}\n`);
  return status;
}
