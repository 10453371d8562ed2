import { resolve } from "node:path";
import { runChild } from "../commands/children.ts";
import { Progress } from "../commands/progress.ts";
import { moveIntoPlace, openWorkspace } from "../commands/workspace.ts";
import { bundleFunctions } from "./bundle.ts";
import { lintTemplates } from "./cfn-lint.ts";

/** The template did not come to be, or breaks a rule; what was wrong is on the screen. */
export class SynthesisFailed extends Error {}

/** Makes dist/ and cdk.out/ anew, and holds the template against every rule. What is there stays if one is broken. */
export async function synthesise(): Promise<void> {
  const workspace = openWorkspace("synth");
  const [dist, output] = [resolve(workspace, "dist"), resolve(workspace, "cdk.out")];
  const progress = new Progress();
  progress.show("bundling the functions");
  await bundleFunctions(dist);
  progress.show("synthesising the template, and holding it against the policy packs");
  const cdk = ["synth", "--quiet", "--output", output, "-c", `dist=${dist}`];
  if ((await runChild("node_modules/.bin/cdk", cdk)) !== 0) throw new SynthesisFailed("cdk finds the template wrong");
  progress.show("holding the template against cfn-lint's rules");
  if ((await lintTemplates(output)) !== 0) throw new SynthesisFailed("cfn-lint finds the template wrong");
  progress.end();
  moveIntoPlace(dist, "dist");
  moveIntoPlace(output, "cdk.out");
}
