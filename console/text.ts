const ZONE = "Africa/Addis_Ababa";
const DATE_TIME = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, dateStyle: "medium", timeStyle: "short" });
const EXACT = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, dateStyle: "medium", timeStyle: "medium" });
const AMOUNT = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const COUNT = new Intl.NumberFormat("en");

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A moment in Addis Ababa. */
export function moment(iso: string): string {
  return DATE_TIME.format(new Date(iso));
}

/** A moment in Addis Ababa, with its second. */
export function exactMoment(iso: string): string {
  return EXACT.format(new Date(iso));
}

export function money(amount: number, currency = "ETB"): string {
  return `${AMOUNT.format(amount)} ${currency}`;
}

export function count(number: number): string {
  return COUNT.format(number);
}

/** A number of things: "1 payment", "2 payments". */
export function counted(number: number, one: string, several = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : several}`;
}

/** How long ago a moment was, in the largest unit that fits. */
export function ago(iso: string, now: number): string {
  const passed = now - Date.parse(iso);
  if (passed < MINUTE_MS) return "just now";
  if (passed < HOUR_MS) return `${counted(Math.floor(passed / MINUTE_MS), "minute")} ago`;
  if (passed < DAY_MS) return `${counted(Math.floor(passed / HOUR_MS), "hour")} ago`;
  return `${counted(Math.floor(passed / DAY_MS), "day")} ago`;
}

/** A word of the API as a person reads it: `refund_unclear` and `refundUnclear` are "refund unclear". */
export function plain(word: string): string {
  return word
    .replaceAll("_", " ")
    .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase();
}
