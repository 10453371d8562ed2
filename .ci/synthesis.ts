import { resolve } from "node:path";
import { runChild } from "../commands/children.ts";
import { Progress } from "../commands/progress.ts";
import { moveIntoPlace, openWorkspace } from "../commands/workspace.ts";
import { bundleFunctions } from "./bundle/bundle.ts";
import { lintTemplates } from "./cfn-lint.ts";

/** CDK failed, or the template breaks a rule. The tool has already printed the details. */
export class SynthesisFailed extends Error {}

/**
 * Generates dist/ and cdk.out/ and checks the template. If a rule is broken, both folders stay as they are.
 * @throws SynthesisFailed
 */
export async function synthesise(): Promise<void> {
  const workspace = openWorkspace("synth");
  const [dist, output] = [resolve(workspace, "dist"), resolve(workspace, "cdk.out")];
  const progress = new Progress();
  progress.show("bundling the functions");
  await bundleFunctions(dist);
  progress.show("synthesising the template and checking it with the policy packs");
  const cdk = ["synth", "--quiet", "--output", output, "-c", `dist=${dist}`];
  if ((await runChild("node_modules/.bin/cdk", cdk)) !== 0) throw new SynthesisFailed("cdk refused the template");
  progress.show("checking the template with cfn-lint");
  if ((await lintTemplates(output)) !== 0) throw new SynthesisFailed("cfn-lint refused the template");
  progress.end();
  moveIntoPlace(dist, "dist");
  moveIntoPlace(output, "cdk.out");
}
