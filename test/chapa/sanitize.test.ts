import fc from "fast-check";
import { expect, test } from "vitest";
import { description, email, name, phone, title } from "../../lib/chapa/sanitize.ts";

test("a title has at most 16 characters and a description at most 50 of its alphabet, whatever they come from", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      expect(title(text)).toMatch(/^[A-Za-z0-9\-_. ]{0,16}$/);
      expect(description(text)).toMatch(/^[A-Za-z0-9\-_. ]{0,50}$/);
    }),
  );
});

test("characters that Chapa refuses become spaces", () => {
  expect(description("Listing fee: #42 — Abebe's house")).toBe("Listing fee 42 Abebe s house");
  expect(title("A listing fee for everyone")).toBe("A listing fee fo");
  expect([title(" !A listing fees. x"), description("# fee #")]).toEqual(["A listing fees.", "fee"]);
  expect(description(`${"a".repeat(49)} and more`)).toBe("a".repeat(49));
  expect(description("a".repeat(60))).toBe("a".repeat(50));
  expect(description("one ·· two")).toBe("one two");
});

test.each([
  ["+251911223344", "0911223344"],
  ["251711223344", "0711223344"],
  ["0911223344", "0911223344"],
  ["911223344", "0911223344"],
  ["+251 91 122 3344", "0911223344"],
  ["00251911223344", "0911223344"],
  ["0911.22.33.44", "0911223344"],
  ["\u202a+251911223344\u202c", "0911223344"],
  ["\u200e0911\u00a022\u00a033\u00a044\u200f", "0911223344"],
  ["+251 (0) 911 22 33 44", "0911223344"],
  ["0711\u201122\u201133\u201144", "0711223344"],
  ["0911/223344", "0911223344"],
  ["\uff0b\uff12\uff15\uff11911223344", "0911223344"],
])("the phone %s is written %s", (text, expected) => {
  expect(phone(text)).toBe(expected);
});

test.each([
  undefined,
  "",
  "0811223344",
  "091122334",
  "09112233445",
  "+254711223344",
  "0025191122334",
  "+00251911223344",
  "0911x223344",
  "phone",
])("the phone %j is left out", (text) => {
  expect(phone(text)).toBeUndefined();
});

test.each(["abebe@rental.et", " kebede.a@mail.aau.edu.et ", "a@example.company", `${"a".repeat(246)}@mail.et`])(
  "the address %j is passed on",
  (text) => {
    expect(email(text)).toBe(text.trim());
  },
);

test.each([
  undefined,
  "",
  "abebe",
  "abebe@localhost",
  "a@b@c.et",
  "abebe@example.com",
  "abebe@mail.EXAMPLE.org",
  "abebe@example.net",
  "abebe@test.com",
  "abebe@rental.test",
  "abebe@rental.invalid",
  `${"a".repeat(247)}@mail.et`,
  "abebe@rental.et kebede@rental.et",
  "<abebe@rental.et>, x",
])("the address %j is left out", (text) => {
  expect(email(text)).toBeUndefined();
});

test("an empty name is left out", () => {
  expect([name("  "), name(undefined)]).toEqual([undefined, undefined]);
  expect(name(`${"a".repeat(49)} b`)).toBe("a".repeat(49));
  expect(name(" Abebe Bikila ")).toBe("Abebe Bikila");
});

test("half a character never reaches Chapa, which could not read the body around it", () => {
  expect(name(`${"a".repeat(49)}😀b`)).toBe(`${"a".repeat(49)}😀`);
  expect(name("Abebe \ud83d")?.isWellFormed()).toBe(true);
  expect(email("a\ud83d@b.et")).toBeUndefined();
});
