import { App, Validations } from "aws-cdk-lib";
import { Code } from "aws-cdk-lib/aws-lambda";
import { AwsSolutionsChecks, ServerlessChecks } from "cdk-nag";
import { ACKNOWLEDGED } from "./acknowledged.ts";
import { STAGE_NAMES, STAGES } from "./config.ts";
import { PaymentStack } from "./payment-stack.ts";

const app = new App();
const stage = STAGE_NAMES.find((name) => name === (app.node.tryGetContext("stage") ?? "dev"));
if (!stage) throw new Error(`-c stage= has to be one of ${STAGE_NAMES.join(", ")}`);
const config = STAGES[stage];

new PaymentStack(app, `ChapaPayments-${stage}`, {
  config,
  env: { region: config.region },
  code: (name) => Code.fromAsset(`${import.meta.dirname}/../dist/${name}`),
});
for (const { id, reason } of ACKNOWLEDGED) Validations.of(app).acknowledge({ id, reason });
Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
app.synth();
