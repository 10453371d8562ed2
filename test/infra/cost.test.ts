import { readFileSync } from "node:fs";
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { Code } from "aws-cdk-lib/aws-lambda";
import { expect, test } from "vitest";
import { bill, Counts, costOf, costPage, Prices, standingOf } from "../../.ci/cost/cost.ts";
import { ALARMS } from "../../infra/alarms.ts";
import { DEV } from "../../infra/config.ts";
import { PaymentStack } from "../../infra/payment-stack.ts";

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
const prices = Prices.parse(JSON.parse(read(".ci/cost/prices.json")));
const counts = Counts.parse(JSON.parse(read("bench/counts.json")));

function standing() {
  const stack = new PaymentStack(new App(), "Test", { config: DEV, code: (name) => Code.fromInline(`// ${name}`) });
  return standingOf(Template.fromStack(stack).toJSON());
}

test("docs/cost.md is what `npm run cost` makes of the counts, the prices and the template", () => {
  expect(costPage(costOf(counts, prices, standing()), prices)).toBe(read("docs/cost.md"));
});

test("the template's alarms, metrics and secrets are counted from the template", () => {
  const { alarms, secrets, ownMetrics, composites } = standing();
  expect({ alarms, secrets, composites }).toEqual({ alarms: ALARMS.length, secrets: 3, composites: 1 });
  expect(ownMetrics).toBeLessThanOrEqual(10);
});

test("a line costs its quantity times its price, less what is free", () => {
  const line = { dollars: 2, per: 10, free: 5, source: "https://example.com/" };
  const one = { date: "2026-11-28", region: "eu-west-1", prices: { line } };
  expect(bill({ line: 15 }, one, false)).toEqual({ line: 3 });
  expect(bill({ line: 15 }, one, true)).toEqual({ line: 2 });
  expect(bill({ line: 4 }, one, true)).toEqual({ line: 0 });
});
