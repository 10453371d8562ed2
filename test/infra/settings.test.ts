import { App } from "aws-cdk-lib";
import { Code } from "aws-cdk-lib/aws-lambda";
import { expect, test } from "vitest";
import { DEV, STAGES, type StageConfig } from "../../infra/config.ts";
import { PaymentStack } from "../../infra/payment-stack.ts";
import { withSettings, withValues } from "../../infra/settings.ts";
import { readStage } from "./stages/read-stage.ts";

const synthesise = (config: StageConfig) =>
  new PaymentStack(new App(), "Test", { config, code: (name) => Code.fromInline(name) });

const OTHERS = [
  "USER_MANAGEMENT_URL",
  "PROPERTY_LISTING_SERVICE_URL",
  "NOTIFICATION_SERVICE_URL",
  "FRONTEND_REDIRECT_URL",
  "FRONTEND_ORIGINS",
  "runbookUrl",
];

test.each(["staging", "prod"] as const)("%s as it is shipped refuses, and names each address to set", (name) => {
  for (const setting of OTHERS) {
    const sentence = `${setting} still ends in .invalid: set it to the address of the stage.`;
    expect(() => synthesise(STAGES[name]), setting).toThrow(sentence);
  }
});

test.each([...OTHERS.slice(0, -1)])("prod refuses if %s alone still ends in .invalid", (variable) => {
  const config = withValues(readStage("prod"), { [variable]: "https://x.et,https://app.rental.INVALID/pay" });
  expect(() => synthesise(config)).toThrow(
    `The stage prod is not ready:\n${variable} still ends in .invalid: set it to the address of the stage.`,
  );
});

test("prod refuses without a page target, and names the setting", () => {
  const silent = { ...readStage("prod"), pageTargets: [] };
  expect(() => synthesise(silent)).toThrow(
    "The stage prod is not ready:\npageTargets is empty: set it to the addresses of the people who answer alarms.",
  );
});

test.each(["pageTargets", "ticketTargets"] as const)("prod refuses a placeholder among %s", (setting) => {
  const config = { ...readStage("prod"), [setting]: ["oncall@rental.et", "payments@rental.invalid"] };
  expect(() => synthesise(config)).toThrow(`${setting} still ends in .invalid`);
});

test.each(["http://pager.et/key", "oncall", "+251911000000", ""])("no stage takes %j as a target", (target) => {
  expect(() => synthesise({ ...DEV, ticketTargets: [target] })).toThrow(
    "neither an e-mail address nor an https address",
  );
});

test.each(["docs/runbook.md", "http://code.rental.et/docs/runbook.md"])(
  "no stage links to the runbook at %s",
  (url) => {
    expect(() => synthesise({ ...DEV, runbookUrl: url })).toThrow("runbookUrl is not an https address.");
  },
);

test("staging and prod synthesise with the settings that the gate gives them, and only prod is protected", () => {
  const isProtected = (config: StageConfig) => synthesise(config).terminationProtection;
  expect(isProtected(readStage("staging"))).toBe(false);
  expect(isProtected(readStage("prod"))).toBe(true);
});

test("prod synthesises without a notification service", () => {
  expect(() => synthesise(withValues(readStage("prod"), { NOTIFICATION_SERVICE_URL: "" }))).not.toThrow();
});

test("settings that no stage has are refused", () => {
  expect(() => withValues(DEV, { USER_MANAGMENT_URL: "https://x.et" })).toThrow(
    "No function reads USER_MANAGMENT_URL.",
  );
  expect(() => withSettings(DEV, { pageTarget: [] })).toThrow("pageTarget");
});
