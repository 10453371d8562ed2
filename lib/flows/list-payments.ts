import type { PageKey, Span } from "../domain/commands.ts";
import type { Ref, Uuid } from "../domain/ids.ts";
import { openFlags, type Payment } from "../domain/payment.ts";
import { addisAbabaDay, clamp, DAY_MS, type Instant, spanOfDay } from "../domain/time.ts";
import { type AttentionCode, type State, WIRE_STATUS, type WireStatus } from "../domain/vocabulary.ts";
import type { PaymentTable } from "../table/payments.ts";
import { latestFirst, readPage } from "./steps/read-page.ts";

export type ListPorts = {
  payments: Pick<PaymentTable, "openedByUser" | "openedForProperty" | "openedOnDay" | "flagged" | "findAll">;
  flagShards: readonly string[];
  /** Buckets of a day in the index. */
  bucketsOf: (day: string) => string[];
};

/**
 * What to list: one user's payments, or everybody's if `userId` is undefined. `attention`: only those that wait for a
 * person, for any code if it is `open`. `after` is where the previous page ended.
 */
export type ListCommand = {
  userId: Uuid | undefined;
  propertyId?: Uuid | undefined;
  status?: WireStatus | undefined;
  state?: State | undefined;
  attention?: AttentionCode | "open" | undefined;
  span: Span;
  limit: number;
  after: PageKey | undefined;
};

// One call reads at most this much before it returns a page, because a filter may match very few payments.
const ROUNDS = 5;
const ROUND_SIZE = 100;
const ROUND_DAYS = 10;
const USUAL_DAYS = 31;
// Payments that wait for a person and are read in each bucket. More of them are listed once these are answered.
const FLAGGED_LIMIT = 500;

/**
 * Returns one page, latest first, and the rows of the page that cannot be read. `next` is where the next page begins;
 * undefined at the end.
 */
export async function listPayments(
  ports: ListPorts,
  command: ListCommand,
): Promise<{ payments: Payment[]; unreadable: Ref[]; next: PageKey | undefined }> {
  const { limit, after } = command;
  const found: Payment[] = [];
  const unreadable: Ref[] = [];
  let last = after;
  for (let round = 0; round < ROUNDS; round++) {
    const { keys, isEnd, reached } = await roundOf(ports, command, last);
    const read = await ports.payments.findAll(keys.map(({ ref }) => ref));
    const rows = new Map(read.payments.map((payment) => [payment.ref, payment]));
    const bad = new Set(read.unreadable.map(({ ref }) => ref));
    for (const key of keys) {
      last = key;
      if (bad.has(key.ref)) unreadable.push(key.ref);
      const payment = rows.get(key.ref);
      if (payment && isListed(payment, command)) found.push(payment);
      if (found.length === limit) {
        return { payments: found, unreadable, next: isEnd && key === keys.at(-1) ? undefined : key };
      }
    }
    if (isEnd) return { payments: found, unreadable, next: undefined };
    last = reached ?? last;
  }
  return { payments: found, unreadable, next: last };
}

/** `reached` is how far back a round has read without finding a payment there. */
type Round = { keys: PageKey[]; isEnd: boolean; reached?: PageKey };

function roundOf(ports: ListPorts, command: ListCommand, last: PageKey | undefined): Promise<Round> {
  const { userId, propertyId, attention, span } = command;
  const { payments } = ports;
  if (attention !== undefined) return ofFlagged(ports, last);
  if (userId !== undefined) return ofOne(span, last, (part, size) => payments.openedByUser(userId, part, size));
  if (propertyId !== undefined) {
    return ofOne(span, last, (part, size) => payments.openedForProperty(propertyId, part, size));
  }
  return ofEverybody(ports, span, last);
}

function isListed(payment: Payment, { userId, propertyId, status, state, attention, span }: ListCommand): boolean {
  if (status !== undefined && WIRE_STATUS[payment.state] !== status) return false;
  if (state !== undefined && payment.state !== state) return false;
  if (userId !== undefined && payment.userId !== userId) return false;
  if (propertyId !== undefined && payment.propertyId !== propertyId) return false;
  if (attention === undefined) return true;
  const began = payment.firstOpenedAt ?? payment.createdAt;
  if (began < span.from || began > span.to) return false;
  const codes: readonly string[] = openFlags(payment);
  return attention === "open" ? codes.length > 0 : codes.includes(attention);
}

async function ofOne(
  span: Span,
  last: PageKey | undefined,
  read: (span: Span, size: number) => Promise<PageKey[]>,
): Promise<Round> {
  const keys = await readPage(last, ROUND_SIZE, (size) => read(until(span, last), size));
  return { keys, isEnd: keys.length < ROUND_SIZE };
}

/** Who waits longest comes first. */
async function ofFlagged({ payments, flagShards }: ListPorts, last: PageKey | undefined): Promise<Round> {
  const found = await Promise.all(
    flagShards.map((shard) => payments.flagged(shard, { from: 0, to: Number.MAX_SAFE_INTEGER }, FLAGGED_LIMIT)),
  );
  const isAfter = ({ at, ref }: PageKey) => !last || at > last.at || (at === last.at && ref > last.ref);
  const keys = found.flat().filter(isAfter).sort(oldestFirst);
  return { keys: keys.slice(0, ROUND_SIZE), isEnd: keys.length <= ROUND_SIZE };
}

function oldestFirst(a: PageKey, b: PageKey): number {
  return a.at - b.at || (a.ref < b.ref ? -1 : 1);
}

/** Reads back day by day until it has enough for a round, or has read {@link ROUND_DAYS} days. */
async function ofEverybody(ports: ListPorts, span: Span, last: PageKey | undefined): Promise<Round> {
  const keys: PageKey[] = [];
  let { to } = until(span, last);
  for (let days = 0; days < ROUND_DAYS && keys.length < ROUND_SIZE && to >= span.from; days++) {
    const day = spanOfDay(addisAbabaDay(to));
    const part = { from: Math.max(day.from, span.from), to };
    const buckets = await Promise.all(
      ports
        .bucketsOf(addisAbabaDay(to))
        .map((bucket) => readPage(last, ROUND_SIZE, (size) => ports.payments.openedOnDay(bucket, part, size))),
    );
    const sorted = buckets.flat().sort(latestFirst);
    keys.push(...sorted.slice(0, ROUND_SIZE));
    // If a day has more than one round can hold, the next round continues within that day.
    if (sorted.length > ROUND_SIZE || buckets.some(({ length }) => length === ROUND_SIZE)) {
      return { keys, isEnd: false };
    }
    to = day.from - 1;
  }
  return { keys, isEnd: to < span.from, reached: { ref: FIRST_REF, at: to } };
}

function until(span: Span, last: PageKey | undefined): Span {
  return last ? { ...span, to: Math.min(span.to, last.at) } : span;
}

// The highest possible key, because the moment at `reached` itself has not been read.
const FIRST_REF = "Z".repeat(16) as Ref;

/**
 * Returns the span of a list: `from` and `to` are whole days in Addis Ababa, or moments. Without `from` it is one
 * user's whole past, or the last month of all users. Times before the epoch and after tomorrow are cut off: no payment
 * can be there, and years outside 0 to 9999 cannot be written as a day.
 */
export function spanOf(from: string | undefined, to: string | undefined, now: Instant, isOfOne: boolean): Span {
  const isDay = (text: string) => !text.includes("T");
  const within = (at: Instant) => clamp(at, 0, now + DAY_MS);
  const end = within(to === undefined ? now + DAY_MS : isDay(to) ? spanOfDay(to).to : Date.parse(to));
  if (from === undefined) return { from: isOfOne ? 0 : within(end - USUAL_DAYS * DAY_MS), to: end };
  return { from: within(isDay(from) ? spanOfDay(from).from : Date.parse(from)), to: end };
}
