import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DEV } from "../../infra/config.ts";
import { EnvironmentInvalid, readEnv } from "../../lib/contract/env.ts";
import { FUNCTIONS } from "../../lib/contract/functions.ts";
import { Settings } from "../../local/settings.ts";

const messageOf = (names: Parameters<typeof readEnv>[0], source: Record<string, string>): string => {
  try {
    readEnv(names, source);
  } catch (error) {
    if (error instanceof EnvironmentInvalid) return error.message;
    throw error;
  }
  throw new Error("it was accepted");
};

test("the environment names everything that is missing or malformed at once", () => {
  const message = messageOf(["TABLE_NAME", "BASE_URL", "RATE_LIMIT_INITIATE", "PRICE_BOOK"], {
    TABLE_NAME: "payments",
    RATE_LIMIT_INITIATE: "many",
    PRICE_BOOK: "{",
  });
  expect(message).toContain("BASE_URL is missing");
  expect(message).toContain("RATE_LIMIT_INITIATE is malformed");
  expect(message).toContain("PRICE_BOOK is malformed");
  expect(message).not.toContain("TABLE_NAME");
});

test.each([
  ["https://users.rental.et", "https://users.rental.et/api/v1"],
  ["https://users.rental.et/", "https://users.rental.et/api/v1"],
  ["https://users.rental.et/api/v1", "https://users.rental.et/api/v1"],
  ["https://users.rental.et/api/v1/", "https://users.rental.et/api/v1"],
  ["https://rental.et/users", "https://rental.et/users"],
  ["https://users.rental.et\u0013", "https://users.rental.et/api/v1"],
  ["https://users.rental.et\n", "https://users.rental.et/api/v1"],
  [" https://rental.et/users/ ", "https://rental.et/users"],
])("a sibling at %s is called at %s", (text, url) => {
  expect(readEnv(["USER_MANAGEMENT_URL"], { USER_MANAGEMENT_URL: text }).USER_MANAGEMENT_URL).toBe(url);
});

test.each([
  ["https://api.chapa.co", "https://api.chapa.co/v1"],
  ["https://api.chapa.co/v1", "https://api.chapa.co/v1"],
  ["http://127.0.0.1:8700/", "http://127.0.0.1:8700/v1"],
])("Chapa at %s is called at %s", (text, url) => {
  expect(readEnv(["CHAPA_BASE_URL"], { CHAPA_BASE_URL: text }).CHAPA_BASE_URL).toBe(url);
});

test("origins are compared as origins", () => {
  const { CHECKOUT_ORIGINS } = readEnv(["CHECKOUT_ORIGINS"], {
    CHECKOUT_ORIGINS: "https://checkout.chapa.co/, http://127.0.0.1:8700/x",
  });
  expect(CHECKOUT_ORIGINS).toEqual(["https://checkout.chapa.co", "http://127.0.0.1:8700"]);
});

test.each(["ftp://x", "x", "", "javascript:alert(1)"])("the environment refuses %j as an address", (text) => {
  expect(messageOf(["BASE_URL"], { BASE_URL: text })).toContain("BASE_URL is malformed");
});

test("an empty pending page means our own", () => {
  expect(readEnv(["FRONTEND_PENDING_URL"], { FRONTEND_PENDING_URL: "" }).FRONTEND_PENDING_URL).toBeUndefined();
});

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

test("docs/configuration.md has every variable that a function is told, with the value of the stage dev", () => {
  const rows = [...read("docs/configuration.md").matchAll(/^\| `([A-Z_]+)` \| .{10,} \| (.+) \|$/gm)];
  const given = new Set<string>(Object.values(FUNCTIONS).flatMap(({ env }) => env));
  expect(rows.map(([, name]) => name).toSorted()).toEqual([...given].toSorted());
  const values: Record<string, string> = DEV.values;
  for (const [, name = "", shown = ""] of rows) {
    const value = values[name];
    if (value === undefined) expect([name, shown]).toEqual([name, "made by the stack"]);
    else if (shown.startsWith("none")) expect(value).toContain(".invalid");
    else expect([name, shown.replaceAll("`", "").replace("empty", "")]).toEqual([name, value]);
  }
});

test(".env.example has every variable that npm start reads, and no other", () => {
  const names = [...read(".env.example").matchAll(/^# ([A-Z_]+)=/gm)].map(([, name]) => name);
  expect(names.toSorted()).toEqual(Object.keys(Settings.shape).toSorted());
});
