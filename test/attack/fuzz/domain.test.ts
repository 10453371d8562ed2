import fc from "fast-check";
import { expect, test } from "vitest";
import { EnvironmentInvalid, readEnv, type Variable } from "../../../lib/contract/env.ts";
import { FUNCTIONS } from "../../../lib/contract/functions.ts";
import { GatewaySecret } from "../../../lib/contract/secrets.ts";
import { CurrencyDiffers, PriceDiffers, PurposeUnknown } from "../../../lib/domain/errors.ts";
import { paymentIdOf, Ref, refOf, requestHash, txRefOf, Uuid } from "../../../lib/domain/ids.ts";
import { Santim, sum } from "../../../lib/domain/money.ts";
import { PriceBook, priceOf } from "../../../lib/domain/prices.ts";
import { parseDuration, parseLadder } from "../../../lib/domain/time.ts";
import { TX_STAGE } from "../../../local/environment.ts";
import { amountText, anyJson, anyText, joined, mostly } from "./hostile.ts";
import { demand, orRefused } from "./invariants/broken.ts";
import { idInvariant, moneyInvariant, settingsInvariant } from "./invariants/domain.ts";
import { holds, holdsOften } from "./settings.ts";

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const characters = (length: number) =>
  fc.string({ unit: fc.constantFrom(...ALPHABET), minLength: length, maxLength: length });
const refs = characters(16).map((text) => Ref.parse(text));
const uuids = fc.uuid().map((text) => Uuid.parse(text));
const santim = fc.nat({ max: 999_999_999_999 }).map((value) => Santim.parse(value));
const fees = fc.record({ userId: uuids, propertyId: uuids, purpose: anyText, serial: fc.nat() });

test("money is read exactly or not at all, from any text, and is written as it is read", async () => {
  await holdsOften(5, [fc.oneof(amountText, anyText)], (text) => moneyInvariant(text));
});

test("money adds up to what whole numbers add up to, in any order, and is never a fraction", async () => {
  await holds([fc.array(santim, { maxLength: 50 })], (amounts) => {
    const exact = amounts.reduce((total, amount) => total + BigInt(amount), 0n);
    expect(BigInt(sum(amounts))).toBe(exact);
    expect(sum(amounts.toReversed())).toBe(sum(amounts));
  });
});

test("money is never anything but a whole number of santim that is not below zero", async () => {
  await holds([fc.oneof(fc.double(), fc.integer(), anyJson)], (value) => {
    const amount = Santim.safeParse(value).data;
    expect(amount === undefined || (Number.isSafeInteger(amount) && amount >= 0)).toBe(true);
  });
});

test("ids are read from any text in one way only, or not at all", async () => {
  const near = fc.oneof(
    characters(20),
    characters(16),
    characters(19),
    refs.map((ref) => txRefOf({ ref, txStage: TX_STAGE }, 0)),
    fc.uuid(),
    refs.map(paymentIdOf),
    anyText,
  );
  const dressed = joined(
    fc.constantFrom("", " ", "{", "urn:uuid:", "\ufeff"),
    near,
    fc.constantFrom("", " ", "}", "-", "0"),
  );
  await holdsOften(4, [dressed], (text) => idInvariant(text));
});

test("two fees or two requests have different ids, however their parts are cut", async () => {
  await holdsOften(2, [anyText, fees, fees], (namespace, one, two) => {
    const isSame = (["userId", "propertyId", "purpose", "serial"] as const).every((part) => one[part] === two[part]);
    expect(refOf(namespace, one) === refOf(namespace, two)).toBe(isSame);
    expect(refOf(namespace, one)).not.toBe(refOf(`${namespace}x`, one));
    const hash = requestHash(namespace, one.userId, one.purpose);
    expect(hash === requestHash(namespace, two.userId, two.purpose)).toBe(
      one.userId === two.userId && one.purpose === two.purpose,
    );
  });
});

const variables: readonly Variable[] = [
  ...new Set(Object.values(FUNCTIONS).flatMap(({ env }): readonly Variable[] => env)),
];

test("settings are valid or refused by name, whatever an operator writes", async () => {
  const odd = fc.oneof(
    anyText,
    fc.webUrl(),
    joined(fc.webUrl(), fc.constantFrom("/", "///", "\\", "?a=/", " ")),
    fc.constantFrom(..."https:// http:/// //x https://x@y 0 -1 1e3 Infinity true TRUE 2m,1m ,".split(" ")),
    fc.json(),
  );
  await holdsOften(2, [odd], (text) => settingsInvariant(text));
});

test("settings that are missing or wrong are all named at once", async () => {
  await holds([fc.subarray([...variables], { minLength: 1 })], (names) => {
    const said = orRefused(() => {
      try {
        return readEnv(names, {});
      } catch (error) {
        return error instanceof EnvironmentInvalid ? error.message : undefined;
      }
    });
    for (const name of names) expect(said).toContain(`${name} is missing`);
  });
});

test("a price book sells only its own purposes at its own prices", async () => {
  const price = mostly({
    amounts: fc.array(fc.oneof(fc.constantFrom("500", "0.01", "1000000.00", "1000000.01", "0"), amountText), {
      maxLength: 3,
    }),
    currency: fc.constantFrom("ETB", "USD"),
    payable: fc.constantFrom("once", "again"),
    title: anyText,
  });
  const books = fc.dictionary(fc.oneof(fc.constantFrom("listing_fee", "boost", "constructor"), anyText), price, {
    maxKeys: 3,
  });
  const purposes = fc.option(fc.oneof(fc.constantFrom("listing_fee", "boost", "constructor", "toString"), anyText), {
    nil: undefined,
  });
  const expected = fc.record({
    purpose: purposes,
    amount: fc.option(santim, { nil: undefined }),
    currency: fc.option(fc.oneof(fc.constantFrom("ETB", "USD"), anyText), { nil: undefined }),
  });
  await holdsOften(3, [books, expected], (written, named) => {
    const book = PriceBook.safeParse(written).data;
    if (!book) return;
    const sold = orRefused(() => priceOf(book, named), PurposeUnknown, CurrencyDiffers, PriceDiffers);
    if (!sold) return;
    demand(Object.hasOwn(book, sold.purpose), "a purpose is one of the book's");
    demand(book[sold.purpose]?.amounts.includes(sold.amount) ?? false, "a price is one of the purpose's");
    demand(
      named.amount === undefined || named.amount === sold.amount,
      "a price that was named is the one that is taken",
    );
    demand(
      named.currency === undefined || named.currency === sold.currency,
      "a currency that was named is the price's",
    );
    demand(
      named.purpose === undefined || named.purpose === sold.purpose,
      "a purpose that was named is the one that is sold",
    );
  });
});

test("contact keys write with one of the keys, whatever its name", async () => {
  const id = fc.oneof(fc.constantFrom("k1", "toString", "constructor", "__proto__"), anyText);
  await holds([id, fc.array(id, { maxLength: 3 })], (contact_key, ids) => {
    const contact_keys = Object.fromEntries(ids.map((name) => [name, "AAAA"]));
    const secret = { chapa_secret_key: "CHASECK_TEST-x", contact_key, contact_keys, listing_api_key: "x" };
    const read = GatewaySecret.safeParse(secret).data;
    if (read) expect(ids).toContain(read.contact_key);
  });
});

test("the text of a ladder gives rungs that grow from above zero, or no ladder", async () => {
  const rung = joined(fc.nat({ max: 2_000_000 }), fc.constantFrom("s", "m", "h", "d", "", "w"));
  await holdsOften(2, [fc.array(fc.oneof(rung, anyText), { maxLength: 5 })], (rungs) => {
    const ladder = parseLadder(rungs.join(","));
    if (!ladder) return;
    expect(ladder).toEqual(rungs.map((text) => parseDuration(text)));
    expect(ladder.every((age, at) => age > (ladder[at - 1] ?? 0))).toBe(true);
  });
});
