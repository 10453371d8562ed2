import { App } from "aws-cdk-lib";
import { Code } from "aws-cdk-lib/aws-lambda";
import { DEV } from "./config.ts";
import { PaymentStack } from "./payment-stack.ts";

const app = new App();
new PaymentStack(app, `ChapaPayments-${DEV.stage}`, {
  config: DEV,
  code: (name) => Code.fromAsset(`${import.meta.dirname}/../dist/${name}`),
});
app.synth();
