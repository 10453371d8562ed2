import * as z from "zod";
import { UuidText } from "../../../../lib/contract/api.ts";
import { EnvironmentInvalid, readEnv, type Variable } from "../../../../lib/contract/env.ts";
import { FUNCTIONS } from "../../../../lib/contract/functions.ts";
import { AuthSecret, GatewaySecret, WebhookSecret } from "../../../../lib/contract/secrets.ts";
import { parseTxRef, paymentIdOf, Ref, refOfPaymentId, txRefOf, Uuid } from "../../../../lib/domain/ids.ts";
import { parseBirr, toBirr } from "../../../../lib/domain/money.ts";
import { PriceBook } from "../../../../lib/domain/prices.ts";
import { parseDuration, parseLadder } from "../../../../lib/domain/time.ts";
import { RequestId } from "../../../../lib/http/initiate-request.ts";
import { TX_STAGE } from "../../../../local/environment.ts";
import { demand, demandCleanPrototypes, exactHundredths, orRefused, plainly } from "./broken.ts";

/** Every id has one text only: reading and writing it gives the same text. */
export function idInvariant(text: string): void {
  const parsed = parseTxRef(text, TX_STAGE);
  demand(parsed === undefined || txRefOf(parsed, parsed.attempt) === text, "a reference is read as it is written");
  const ref = Ref.safeParse(text).data;
  if (ref !== undefined) demand(refOfPaymentId(paymentIdOf(ref)) === ref, "a payment's id leads back to it");
  const uuid = Uuid.safeParse(text).data;
  if (uuid !== undefined) {
    demand(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid), "a UUID has one form");
    demand(Uuid.parse(uuid) === uuid, "a UUID in that form is itself");
    const of = refOfPaymentId(uuid);
    demand(of === undefined || paymentIdOf(of) === uuid, "an id that leads to a payment is that payment's");
  }
  if (UuidText.safeParse(text).success) demand(uuid !== undefined, "what a request may hold as a UUID is one");
  const name = RequestId.safeParse(text).data;
  demand(name === undefined || /^[\x21-\x7e]{1,255}$/.test(name), "a request's name is visible ASCII");
}

/** Only exact amounts and valid durations are accepted. */
export function moneyInvariant(text: string): void {
  const santim = parseBirr(text);
  if (santim !== undefined) {
    demand(Number.isSafeInteger(santim), "an amount is a whole number of santim");
    demand(exactHundredths(text) === BigInt(santim), "an amount is what the text says");
    demand(parseBirr(toBirr(santim)) === santim, "an amount is written as it is read");
  } else {
    const exact = exactHundredths(text);
    demand(exact === undefined || text.length > 10, "an amount that is exact and not endless is read");
  }
  const length = parseDuration(text);
  demand(length === undefined || (Number.isSafeInteger(length) && length >= 0), "a length of time is whole");
  const ladder = parseLadder(text);
  demand(ladder === undefined || ladder.length > 0, "a ladder has a rung");
  demand(ladder?.every((age, at) => age > (ladder[at - 1] ?? 0)) ?? true, "a ladder grows");
}

const VARIABLES: readonly Variable[] = [
  ...new Set(Object.values(FUNCTIONS).flatMap(({ env }): readonly Variable[] => env)),
];

/** A setting is valid, or it is refused with its name before anything uses it. */
export function settingsInvariant(text: string): void {
  for (const name of VARIABLES) {
    const read = orRefused(() => readEnv([name], { [name]: text }), EnvironmentInvalid);
    const value: unknown = read?.[name];
    if (typeof value === "number" && name !== "PRICE_BOOK")
      demand(Number.isFinite(value) && value > 0, "a number that is set is above zero");
    if (typeof value === "string" && name.endsWith("_URL")) demand(URL.canParse(value), "an address stays one");
    if (name === "CHECKOUT_ORIGINS" && Array.isArray(value)) {
      demand(
        value.every((origin) => new URL(String(origin)).origin === origin),
        "an origin has no path",
      );
    }
  }
  const json = plainly(text);
  const book = PriceBook.safeParse(json).data ?? {};
  for (const { amounts } of Object.values(book)) {
    demand(amounts.length > 0, "a purpose has a price");
    demand(
      amounts.every((amount) => amount >= 1 && amount <= 100_000_000),
      "a price is one that Chapa takes",
    );
  }
  for (const schema of [WebhookSecret, AuthSecret]) orRefused(() => schema.parse(json), z.ZodError);
  const gateway = GatewaySecret.safeParse(json).data;
  demand(
    gateway === undefined || typeof gateway.contact_keys[gateway.contact_key] === "string",
    "the key to write with is one of the keys",
  );
  demandCleanPrototypes();
}
