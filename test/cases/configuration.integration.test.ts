import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { Code } from "aws-cdk-lib/aws-lambda";
import { describe, expect, test } from "vitest";
import { PaymentStack } from "../../infra/payment-stack.ts";
import { withValues } from "../../infra/settings.ts";
import { EnvironmentInvalid, readEnv, type Variable } from "../../lib/contract/env.ts";
import { FUNCTIONS } from "../../lib/contract/functions.ts";
import { GatewaySecret } from "../../lib/contract/secrets.ts";
import { readSettings, SettingsInvalid } from "../../local/settings.ts";
import { readStage } from "../infra/stages/read-stage.ts";

const ENTRIES = (entry: object) => JSON.stringify({ listing_fee: { amounts: ["500.00"], ...entry } });

const WRONG: [Variable, string, string][] = [
  ["PRICE_BOOK", "{}", "PRICE_BOOK is malformed: a price book names at least one purpose."],
  [
    "PRICE_BOOK",
    ENTRIES({ amounts: ["2000000.00"] }),
    'PRICE_BOOK is malformed: listing_fee: amounts: 0: an amount is decimal text from "0.01" to "1000000.00".',
  ],
  ["PRICE_BOOK", ENTRIES({ amounts: [] }), "PRICE_BOOK is malformed: listing_fee: amounts: "],
  ["PRICE_BOOK", ENTRIES({ currency: "EUR" }), "PRICE_BOOK is malformed: listing_fee: currency: "],
  ["PRICE_BOOK", "500", "PRICE_BOOK is malformed: "],
  ["PRICE_BOOK", "listing_fee=500", "PRICE_BOOK is malformed: not JSON."],
  ["RECHECK_LADDER", "5m,2m", "RECHECK_LADDER is malformed: not ascending lengths of time such as 2m,5m,1d."],
  ["RECHECK_LADDER", "2m,2m", "RECHECK_LADDER is malformed: not ascending"],
  ["RECHECK_LADDER", "2 minutes", "RECHECK_LADDER is malformed: not ascending"],
  ["CHECKOUT_ORIGINS", "checkout.chapa.co", "CHECKOUT_ORIGINS is malformed: 0: not an http or https address."],
  ["CHECKOUT_ORIGINS", " , ", "CHECKOUT_ORIGINS is malformed: names no origin."],
  ["USER_MANAGEMENT_URL", "users.rental.et/api/v1", "USER_MANAGEMENT_URL is malformed: not an http or https address."],
  ["NOTIFICATION_SERVICE_URL", "none", "NOTIFICATION_SERVICE_URL is malformed: not an http or https address."],
  ["FRONTEND_PENDING_URL", "/wait", "FRONTEND_PENDING_URL is malformed: not an http or https address."],
  ["PAYMENT_TIMEOUT_DAYS", "a week", "PAYMENT_TIMEOUT_DAYS is malformed: "],
];

const WRONG_PAGES: [Variable, string, string][] = [
  ["FRONTEND_REDIRECT_URL", "https://other.et/paid", "FRONTEND_REDIRECT_URL is not at one of FRONTEND_ORIGINS."],
  ["FRONTEND_ORIGINS", "https://other.et", "FRONTEND_REDIRECT_URL is not at one of FRONTEND_ORIGINS."],
  ["FRONTEND_ORIGINS", "https://app.rental.et, *", "FRONTEND_ORIGINS is malformed: 1: not an http or https address."],
];

const synthesise = (values: Record<string, string>) =>
  new PaymentStack(new App(), "Test", {
    config: withValues(readStage("prod"), values),
    code: (name) => Code.fromInline(name),
  });

describe("case 36: a wrong setting is refused in a sentence that names it", () => {
  test.each([...WRONG, ...WRONG_PAGES])("the stage prod does not synthesise with %s=%s", (name, text, sentence) => {
    expect(() => synthesise({ [name]: text })).toThrow(sentence);
  });

  test.each(WRONG)("a function does not start with %s=%s", (name, text, sentence) => {
    expect(() => readEnv([name], { [name]: text })).toThrow(EnvironmentInvalid);
    expect(() => readEnv([name], { [name]: text })).toThrow(sentence);
  });

  test.each(WRONG)("the local cloud does not start with %s=%s", (name, text, sentence) => {
    expect(() => readSettings({ [name]: text })).toThrow(SettingsInvalid);
    expect(() => readSettings({ [name]: text })).toThrow(sentence);
  });

  test("the local cloud allows the origins of its pages by itself", () => {
    const [name, text] = ["FRONTEND_REDIRECT_URL", "https://other.et/paid"];
    expect(readSettings({ [name]: text, FRONTEND_ORIGINS: "https://app.rental.et" })).toMatchObject({ [name]: text });
    expect(() => readSettings({ FRONTEND_ORIGINS: "https://app.rental.et, *" })).toThrow(
      "FRONTEND_ORIGINS is malformed: 1:",
    );
  });

  test("every variable of a stage that a function reads is refused at synthesis if it is empty, unless empty has a meaning", () => {
    const stage: Record<string, string> = readStage("prod").values;
    const read = new Set<string>(Object.values(FUNCTIONS).flatMap(({ env }): readonly string[] => env));
    const mayBeEmpty = ["FRONTEND_PENDING_URL", "NOTIFICATION_SERVICE_URL", "SUPPORT_CONTACT", "OPERATOR_IDS"];
    for (const name of Object.keys(stage).filter((name) => read.has(name) && !mayBeEmpty.includes(name))) {
      expect(() => synthesise({ [name]: "" }), name).toThrow(`${name} is malformed: `);
    }
  });

  test("several faults are named together", () => {
    const values = { PRICE_BOOK: "{}", RECHECK_LADDER: "now", USER_MANAGEMENT_URL: "https://users.rental.invalid" };
    for (const name of Object.keys(values)) expect(() => synthesise(values)).toThrow(name);
  });

  test("prod does not synthesise in test mode, and other stages do", () => {
    expect(() => synthesise({ EXPECTED_MODE: "test" })).toThrow(
      "EXPECTED_MODE is test: set it to live, because prod takes real money.",
    );
    expect(readStage("staging").values.EXPECTED_MODE).toBe("test");
  });
});

test.each([
  ["https://a.example/, https://b.example", ["https://a.example", "https://b.example"]],
  ["https://B.example:443/x ,", ["https://b.example"]],
])("case 35: browsers at FRONTEND_ORIGINS=%s may call, as the functions read it", (text, origins) => {
  const values = { FRONTEND_ORIGINS: text, FRONTEND_REDIRECT_URL: `${origins[0]}/paid` };
  const template = Template.fromStack(synthesise(values));
  template.hasResourceProperties("AWS::ApiGatewayV2::Api", { CorsConfiguration: { AllowOrigins: origins } });
  expect(readEnv(["FRONTEND_ORIGINS"], values).FRONTEND_ORIGINS).toEqual(origins);
});

const SPEAKS_V1 = "a key of Chapa's API v2, and this release speaks v1, whose keys begin with CHASECK";

test.each([
  ["case 59: a test key of Chapa's API v2", "CHAPA_TEST_PRIV_abcdefgh", SPEAKS_V1],
  ["a live key of Chapa's API v2", "CHAPA_LIVE_PRIV_abcdefgh", SPEAKS_V1],
  ["a public key of Chapa's API v2", "CHAPA_TEST_PUB_abcdefgh", SPEAKS_V1],
  ["a public key of Chapa's API v1", "CHAPUBK_TEST-abcdefgh", "not a secret key of Chapa's API v1"],
])("%s is refused in words that name it, and does not appear in them", (_, key, words) => {
  const settings = () => readSettings({ CHAPA_SECRET_KEY: key });
  expect(settings).toThrow(`CHAPA_SECRET_KEY is malformed: ${words}.`);
  expect(settings).not.toThrow(key);
  const secret = { contact_key: "k", contact_keys: { k: "AAAA" }, listing_api_key: "listing-key" };
  for (const stored of [{ chapa_secret_key: key }, { chapa_secret_keys_previous: [key] }]) {
    const { error } = GatewaySecret.safeParse({ chapa_secret_key: "CHASECK-abcdefgh", ...secret, ...stored });
    expect(error?.issues.map(({ message }) => message)).toEqual([words]);
  }
});
