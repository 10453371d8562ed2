import { expect, test } from "vitest";
import { Contact } from "../../lib/domain/contact.ts";

test("a contact is what is known of e-mail, phone, name and language, and nothing else", () => {
  const known = { email: "a@example.com", phone: "0911000000", name: "Abebe", language: "am" };
  expect(Contact.parse({ ...known, other: "x" })).toEqual(known);
  expect(Contact.parse({})).toEqual({});
  for (const field of Object.keys(known)) expect(Contact.safeParse({ [field]: 1 }).success).toBe(false);
});
