import { Command } from "../commands/command.ts";
import { SynthesisFailed, synthesise } from "./synthesis.ts";

const command = new Command({
  name: "npm run synth",
  summary: "Writes the CloudFormation template to cdk.out/, validated by CDK, cdk-nag and cfn-lint, without AWS.",
  duration: "30 seconds; the first run takes a minute more to install cfn-lint",
  options: {},
  examples: { "npm run synth": "before a deployment, and after a change of infra/" },
  notes: "Needs Python 3.10 or newer. If a rule is broken, cdk.out/ and dist/ stay as they are.",
});

command.read();
try {
  await synthesise();
} catch (error) {
  if (!(error instanceof SynthesisFailed)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
