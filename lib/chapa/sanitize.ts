const TITLE_LIMIT = 16;
const DESCRIPTION_LIMIT = 50;
const NAME_LIMIT = 50;

// Chapa refuses the whole payment if the address is at one of these domains.
const REFUSED_MAIL_DOMAINS =
  /@(?:.*\.)?(?:example\.(?:com|org|net)|test\.com|.+\.(?:test|invalid|localhost|example))$/i;

/** Returns the title of the checkout page: at most 16 characters. */
export function title(text: string): string {
  return plain(text).slice(0, TITLE_LIMIT).trim();
}

/** Returns the line below the title: at most 50 letters, digits, `-`, `_`, `.` and spaces. */
export function description(text: string): string {
  return plain(text).slice(0, DESCRIPTION_LIMIT).trim();
}

/** Returns the part of a name that Chapa accepts; undefined if nothing is left. */
export function name(text: string | undefined): string | undefined {
  // Chapa cannot read a body with half a surrogate pair, and refuses the whole payment.
  const characters = [...(text ?? "").toWellFormed().trim()];
  return characters.slice(0, NAME_LIMIT).join("").trim() || undefined;
}

// What people put between digits, and what programs put around a number to set its direction.
const BETWEEN_DIGITS = /[\s\p{Cf}\p{Pd}()./]/gu;

/** Returns `09…` or `07…`, ten digits; undefined for a number that is not an Ethiopian mobile. */
export function phone(text: string | undefined): string | undefined {
  const match = /^(?:(?:\+|00)?2510?|0)?([79]\d{8})$/.exec(text?.normalize("NFKC").replace(BETWEEN_DIGITS, "") ?? "");
  return match ? `0${match[1]}` : undefined;
}

/** Returns an e-mail address that Chapa accepts, or undefined. */
export function email(text: string | undefined): string | undefined {
  const address = text?.trim();
  if (!address?.isWellFormed() || address.length > 254 || !/^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+$/.test(address))
    return undefined;
  return REFUSED_MAIL_DOMAINS.test(address) ? undefined : address;
}

function plain(text: string): string {
  return text
    .replace(/[^A-Za-z0-9\-_. ]+/g, " ")
    .replace(/ +/g, " ")
    .trim();
}
