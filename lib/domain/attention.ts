import type { Attention, Capture, Flag, Payment } from "./payment.ts";
import { DAY_MS, type Instant } from "./time.ts";
import { ATTENTION_CONDITIONS } from "./vocabulary.ts";

// An entry of `attention` is a code and its subject. A fact stays until a person answers it, and is never raised twice.
// A condition ends by itself, and comes back if it lasts longer than a person's answer holds.
const ANSWER_HOLDS_MS = 7 * DAY_MS;
const ENDED = "ended";
const LONGEST_REASON = 500;

/** The subject of flags about the delivery to the listing. */
export const DELIVERY = "delivery";

/** Returns the id by which a person names an entry: unique in its payment. */
export function entryIdOf({ code, subject }: Flag): string {
  return `${code}-${subject}`;
}

export function attemptSubject(attempt: number): string {
  return `attempt-${attempt}`;
}

/** Returns Chapa's reference of a capture, or its attempt if Chapa reported none. */
export function captureSubject({ attempt, reference }: Pick<Capture, "attempt" | "reference">): string {
  return reference ?? attemptSubject(attempt);
}

/** Returns the subject of what may happen to a capture more than once. Each time is a fact of its own. */
export function nextSubject({ attention }: Pick<Payment, "attention">, { code, subject }: Flag): string {
  const isEarlier = (entry: Attention) =>
    entry.code === code && (entry.subject === subject || entry.subject.startsWith(`${subject}.`));
  const times = attention.filter(isEarlier).length;
  return times === 0 ? subject : `${subject}.${times + 1}`;
}

/** Returns the entries that a person has not answered and that have not ended. */
export function openEntries({ attention }: Pick<Payment, "attention">): Attention[] {
  return attention.filter(({ answered }) => !answered);
}

/** Returns since when the oldest open entry waits; undefined if nothing waits. */
export function flaggedSince(payment: Pick<Payment, "attention">): Instant | undefined {
  const moments = openEntries(payment).map(({ at }) => at);
  return moments.length > 0 ? Math.min(...moments) : undefined;
}

/** Whether an entry with `code` was raised and has not ended by itself; a person may have answered it. */
export function lasts({ attention }: Pick<Payment, "attention">, code: Flag["code"]): boolean {
  return attention.some((entry) => entry.code === code && entry.answered?.by !== ENDED);
}

/** Whether {@link flagged} would add an entry. */
export function isRaisable({ attention }: Pick<Payment, "attention">, flag: Flag, now: Instant): boolean {
  const known = attention.find((entry) => isAbout(entry, flag));
  if (!known) return true;
  if (!known.answered) return false;
  if (known.answered.by === ENDED) return true;
  return isCondition(flag.code) && now >= known.answered.at + ANSWER_HOLDS_MS;
}

/** Returns the payment's attention with `flag` raised, or as it is if the same was raised before. */
export function flagged(
  payment: Pick<Payment, "attention">,
  { code, subject, amount }: Flag,
  { now }: { now: Instant },
): Payment["attention"] {
  const { attention } = payment;
  if (!isRaisable(payment, { code, subject }, now)) return attention;
  const entry = { code, subject, at: now, ...(amount === undefined ? {} : { amount }) };
  return [...attention.filter((known) => !isAbout(known, { code, subject })), entry];
}

/**
 * Returns the payment's attention after what `flag` reported has ended by itself. A person's answer to a fact stays; a
 * condition that ends may come back at once.
 */
export function flagEnded(
  { attention }: Pick<Payment, "attention">,
  flag: Flag,
  { now }: { now: Instant },
): Payment["attention"] {
  const isOver = (entry: Attention) =>
    !isAbout(entry, flag) || (entry.answered !== undefined && !isCondition(entry.code)) || entry.answered?.by === ENDED;
  if (attention.every(isOver)) return attention;
  const answered = { at: now, by: ENDED, reason: "it ended by itself" };
  return attention.map((entry) => (isOver(entry) ? entry : { ...entry, answered }));
}

/** Returns the payment's attention with a person's answer to one entry. */
export function flagAnswered(
  { attention }: Pick<Payment, "attention">,
  { entry, reason }: { entry: string; reason: string },
  { now, by }: { now: Instant; by: string },
): Payment["attention"] {
  const answered = { at: now, by, reason: reason.slice(0, LONGEST_REASON) };
  return attention.map((known) => (isOpen(known, entry) ? { ...known, answered } : known));
}

/** Returns the payment's attention with every open entry about one of the subjects answered. */
export function flagsAnswered(
  { attention }: Pick<Payment, "attention">,
  subjects: readonly string[],
  { now, by, reason }: { now: Instant; by: string; reason: string },
): Payment["attention"] {
  const isOf = (known: Flag) => subjects.some((one) => known.subject === one || known.subject.startsWith(`${one}.`));
  return attention.map((known) =>
    !known.answered && isOf(known) ? { ...known, answered: { at: now, by, reason } } : known,
  );
}

/** Whether `entry` is the id of an entry that awaits an answer. */
export function isEntryOpen({ attention }: Pick<Payment, "attention">, entry: string): boolean {
  return attention.some((known) => isOpen(known, entry));
}

function isOpen(known: Attention, entry: string): boolean {
  return entryIdOf(known) === entry && !known.answered;
}

function isAbout(entry: Flag, { code, subject }: Flag): boolean {
  return entry.code === code && entry.subject === subject;
}

function isCondition(code: Flag["code"]): boolean {
  const conditions: readonly Flag["code"][] = ATTENTION_CONDITIONS;
  return conditions.includes(code);
}
