import { readFileSync, writeFileSync } from "node:fs";
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { Code } from "aws-cdk-lib/aws-lambda";
import { Command } from "../../commands/command.ts";
import { flag } from "../../commands/options.ts";
import { moveIntoPlace, openWorkspace } from "../../commands/workspace.ts";
import { DEV } from "../../infra/config.ts";
import { PaymentStack } from "../../infra/payment-stack.ts";
import { Counts, costOf, costPage, Prices, standingOf } from "./cost.ts";

const command = new Command({
  name: "npm run cost",
  summary: "Computes what payments and an idle month cost, prints it, and generates docs/cost.md.",
  duration: "10 seconds",
  options: { json: flag("prints JSON") },
  examples: { "npm run cost": "after a change of counts, prices or alarms" },
});

const { json } = command.read();
const read = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));
const prices = Prices.parse(read(".ci/cost/prices.json"));
const stack = new PaymentStack(new App(), "Cost", { config: DEV, code: (name) => Code.fromInline(`// ${name}`) });
const standing = standingOf(Template.fromStack(stack).toJSON());
const cost = costOf(Counts.parse(read("bench/counts.json")), prices, standing);
const page = costPage(cost, prices);
const file = `${openWorkspace("cost")}/cost.md`;
writeFileSync(file, page);
moveIntoPlace(file, "docs/cost.md");
process.stdout.write(json ? `${JSON.stringify(cost, undefined, 2)}\n` : page);
