import { readFileSync } from "node:fs";
import { App, Aspects, Validations } from "aws-cdk-lib";
import { Code } from "aws-cdk-lib/aws-lambda";
import { AwsSolutionsChecks, ServerlessChecks } from "cdk-nag";
import * as z from "zod";
import { ACKNOWLEDGED } from "./acknowledged.ts";
import { STAGE_NAMES, STAGES } from "./config.ts";
import { LeaveOut } from "./emulator.ts";
import { PaymentStack } from "./payment-stack.ts";
import { withSettings, withValues } from "./settings.ts";

const app = new App();
const stage = STAGE_NAMES.find((name) => name === (app.node.tryGetContext("stage") ?? "dev"));
if (!stage) throw new Error(`-c stage= must be one of ${STAGE_NAMES.join(", ")}`);

/** Values of the environment in place of the stage's own, as JSON: for a deployment that is thrown away. */
const Values = z.string().transform((text) => z.record(z.string(), z.string()).parse(JSON.parse(text)));
const given = Values.default({}).parse(app.node.tryGetContext("values"));
/** Where the bundles are, for a run that makes its own. */
const dist = z
  .string()
  .default(`${import.meta.dirname}/../dist`)
  .parse(app.node.tryGetContext("dist"));
/** A file of settings in place of the stage's own: the gate tries staging and prod with one. */
const file = z.string().optional().parse(app.node.tryGetContext("settings"));
const base = file ? withSettings(STAGES[stage], JSON.parse(readFileSync(file, "utf8"))) : STAGES[stage];
const config = withValues(base, given);

new PaymentStack(app, `ChapaPayments-${stage}`, {
  config,
  env: { region: config.region },
  // A person reads stacks with the maps (`npm run symbolicate`); Lambda would only download them.
  code: (name) => Code.fromAsset(`${dist}/${name}`, { exclude: ["*.map"] }),
});
if (app.node.tryGetContext("emulator")) Aspects.of(app).add(new LeaveOut((text) => process.stderr.write(text)));
for (const { id, reason } of ACKNOWLEDGED) Validations.of(app).acknowledge({ id, reason });
Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
app.synth();
