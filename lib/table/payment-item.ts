import type { NativeAttributeValue } from "@aws-sdk/util-dynamodb";
import * as z from "zod";
import { PAYMENT_PREFIX } from "../contract/table.ts";
import { flaggedSince } from "../domain/attention.ts";
import { Ref, Uuid } from "../domain/ids.ts";
import { Currency, Santim } from "../domain/money.ts";
import {
  type Attempt,
  type HistoryEntry,
  isInert,
  KeyId,
  type Lease,
  type Payment,
  type Refund,
} from "../domain/payment.ts";
import { DAY_MS } from "../domain/time.ts";
import {
  ATTEMPT_ENDS,
  ATTENTION_CODES,
  CAPTURE_KINDS,
  LAST_READS,
  MODES,
  REFUND_STATES,
  STATES,
  TRANSITION_NAMES,
  type UnknownWord,
} from "../domain/vocabulary.ts";
import { dayKey, flagShardOf, paymentKey, shardOf } from "./keys.ts";

export type Item = Record<string, NativeAttributeValue>;

const SCHEMA_VERSION = 1;
const INERT_TTL_MS = 30 * DAY_MS;

// Later moments cannot be shown in a calendar of four-digit years.
const instant = z.number().int().min(0).max(Date.UTC(9999, 0));
const terms = { amount: Santim, currency: Currency, mode: z.enum(MODES), key: KeyId };
const flag = z.literal(true).optional();

// A newer release may have added words, and attributes beside them. Whatever a row is read for, both are written back.
const unknownWord = z
  .string()
  .min(1)
  .transform((text) => text as UnknownWord);
const wordOf = <const Words extends readonly string[]>(words: Words) => z.enum(words).or(unknownWord);

const StoredAttempt = z
  .looseObject({
    ...terms,
    opened_at: instant,
    closed_at: instant.optional(),
    end: wordOf(ATTEMPT_ENDS).optional(),
    lapsed_at: instant.optional(),
    verify_at: instant.optional(),
    last_read: wordOf(LAST_READS).optional(),
    webhook_at: instant.optional(),
    unpaid_read_at: instant.optional(),
    held_since: instant.optional(),
  })
  .transform(
    ({ opened_at, closed_at, lapsed_at, verify_at, last_read, webhook_at, unpaid_read_at, held_since, ...rest }) => ({
      ...rest,
      openedAt: opened_at,
      closedAt: closed_at,
      lapsedAt: lapsed_at,
      verifyAt: verify_at,
      lastRead: last_read,
      webhookAt: webhook_at,
      unpaidReadAt: unpaid_read_at,
      heldSince: held_since,
    }),
  );

const StoredCapture = z.looseObject({
  attempt: z.number().int(),
  at: instant,
  kind: wordOf(CAPTURE_KINDS),
  amount: Santim.optional(),
  currency: z.string().optional(),
  mode: z.string().optional(),
  reference: z.string().optional(),
  method: z.string().optional(),
  charge: Santim.optional(),
  back: z.looseObject({ refunded: Santim, reversed: Santim }).optional(),
  listed: flag,
});

const StoredAttention = z.looseObject({
  code: wordOf(ATTENTION_CODES),
  subject: z.string(),
  at: instant,
  amount: Santim.optional(),
  answered: z.looseObject({ at: instant, by: z.string(), reason: z.string() }).optional(),
});

const StoredReport = z.looseObject({
  attempt: z.number().int(),
  reference: z.string().optional(),
  amount: Santim.optional(),
  at: instant,
});

const StoredRefund = z
  .looseObject({
    id: z.string(),
    capture: z.string(),
    amount: Santim,
    state: wordOf(REFUND_STATES),
    by: z.string(),
    reason: z.string(),
    at: instant,
    sent_at: instant.optional(),
    sent_by: z.string().optional(),
    settled_at: instant.optional(),
    chapa_ref: z.string().optional(),
    refusal: z.string().optional(),
    check_at: instant.optional(),
    before: z.enum(["REQUESTED", "SENT"]).optional(),
  })
  .transform(({ sent_at, sent_by, settled_at, chapa_ref, check_at, ...rest }) => ({
    ...rest,
    sentAt: sent_at,
    sentBy: sent_by,
    settledAt: settled_at,
    chapaRef: chapa_ref,
    checkAt: check_at,
  }));

const StoredSupportLink = z.looseObject({ at: instant, by: z.string(), reason: z.string() });

const StoredTransition = wordOf(TRANSITION_NAMES);

// One line per transition, "transition at by evidence", keeps a payment with its history below one write unit.
const StoredHistory = z.string().transform((line, context): HistoryEntry => {
  const [name, at = "", by = "", ...evidence] = line.split(" ");
  const transition = StoredTransition.safeParse(name).data;
  if (transition && /^\d+$/.test(at) && instant.safeParse(Number(at)).success && by) {
    return { transition, at: Number(at), by, evidence: evidence.join(" ") || undefined };
  }
  context.issues.push({ code: "custom", message: "not a transition", input: line });
  return z.NEVER;
});

// A UUID in text is longer than its 16 bytes by more than half.
const StoredUuid = z
  .string()
  .regex(/^[\w-]{22}$/)
  .transform((text) => Buffer.from(text, "base64url").toString("hex"))
  .pipe(Uuid);

const StoredPayment = z.object({
  pk: z.string().startsWith(PAYMENT_PREFIX),
  schema: z.literal(SCHEMA_VERSION),
  serial: z.number().int(),
  user_id: Uuid.optional(),
  property_id: Uuid.optional(),
  purpose: z.string().optional(),
  request_id: StoredUuid.optional(),
  previous: Ref.optional(),
  next: Ref.optional(),
  state: z.enum(STATES),
  version: z.number().int(),
  revision: z.number().int(),
  attempt: z.number().int(),
  ...terms,
  attempts: z.record(z.string().regex(/^\d{1,4}$/), StoredAttempt),
  lease: z
    .object({
      holder: z.string(),
      until: instant,
      unsent: flag,
      lost: z.number().int().optional(),
      held_since: instant.optional(),
      released: flag,
    })
    .transform(({ held_since, ...rest }) => ({ ...rest, heldSince: held_since }))
    .optional(),
  checkout_url: z.string().optional(),
  created_at: instant,
  updated_at: instant,
  began_at: instant,
  first_opened_at: instant.optional(),
  settled_at: instant.optional(),
  spent_at: instant.optional(),
  failure_reason: z.string().optional(),
  late: flag,
  finalised: flag,
  captures: z.array(StoredCapture).default([]),
  reports: z.array(StoredReport).optional(),
  refunds: z.array(StoredRefund).optional(),
  support_links: z.array(StoredSupportLink).optional(),
  attention: z.array(StoredAttention).default([]),
  acknowledged_at: instant.optional(),
  sent_at: instant.optional(),
  verified_at: instant.optional(),
  unreachable_since: instant.optional(),
  due_at: instant.optional(),
  history: z.array(StoredHistory),
});

/**
 * Returns the payment of a row.
 * @param txStage the stage that its references belong to; no row stores it
 * @throws ZodError if {@link toItem} cannot have written the row
 */
export function fromItem(item: Item, txStage: string): Payment {
  const stored = StoredPayment.parse(item);
  return {
    ref: Ref.parse(stored.pk.slice(PAYMENT_PREFIX.length)),
    txStage,
    serial: stored.serial,
    userId: stored.user_id,
    propertyId: stored.property_id,
    purpose: stored.purpose,
    requestId: stored.request_id,
    previous: stored.previous,
    next: stored.next,
    state: stored.state,
    version: stored.version,
    revision: stored.revision,
    attempt: stored.attempt,
    terms: { amount: stored.amount, currency: stored.currency, mode: stored.mode, key: stored.key },
    attempts: Object.fromEntries(Object.entries(stored.attempts).map(([number, attempt]) => [Number(number), attempt])),
    lease: stored.lease,
    checkoutUrl: stored.checkout_url,
    createdAt: stored.created_at,
    updatedAt: stored.updated_at,
    beganAt: stored.began_at,
    firstOpenedAt: stored.first_opened_at,
    settledAt: stored.settled_at,
    spentAt: stored.spent_at,
    failureReason: stored.failure_reason,
    late: stored.late,
    finalised: stored.finalised,
    captures: stored.captures,
    reports: stored.reports,
    refunds: stored.refunds,
    supportLinks: stored.support_links,
    attention: stored.attention,
    acknowledgedAt: stored.acknowledged_at,
    sentAt: stored.sent_at,
    verifiedAt: stored.verified_at,
    unreachableSince: stored.unreachable_since,
    dueAt: stored.due_at,
    history: stored.history,
  };
}

/** Returns the words of a payment that this release does not know, each after the place where it stands. */
export function unknownWordsOf({ attempts, captures, refunds, attention, history }: Payment): string[] {
  const unknown = (place: string, known: readonly string[], words: readonly (string | undefined)[]) =>
    words.flatMap((word) => (word === undefined || known.includes(word) ? [] : [`${place} ${word}`]));
  return [
    ...unknown(
      "attempts.end",
      ATTEMPT_ENDS,
      Object.values(attempts).map(({ end }) => end),
    ),
    ...unknown(
      "attempts.last_read",
      LAST_READS,
      Object.values(attempts).map(({ lastRead }) => lastRead),
    ),
    ...unknown(
      "captures.kind",
      CAPTURE_KINDS,
      captures.map(({ kind }) => kind),
    ),
    ...unknown(
      "refunds.state",
      REFUND_STATES,
      (refunds ?? []).map(({ state }) => state),
    ),
    ...unknown(
      "attention.code",
      ATTENTION_CODES,
      attention.map(({ code }) => code),
    ),
    ...unknown(
      "history",
      TRANSITION_NAMES,
      history.map(({ transition }) => transition),
    ),
  ];
}

/**
 * Returns the row of a payment. Absent fields have no attribute, and keys of an index exist only where the index needs
 * them.
 */
export function toItem(payment: Payment): Item {
  const flagAt = flaggedSince(payment);
  return withoutUndefined({
    ...paymentKey(payment.ref),
    schema: SCHEMA_VERSION,
    serial: payment.serial,
    user_id: payment.userId,
    property_id: payment.propertyId,
    purpose: payment.purpose,
    request_id: payment.requestId && Buffer.from(payment.requestId.replaceAll("-", ""), "hex").toString("base64url"),
    previous: payment.previous,
    next: payment.next,
    state: payment.state,
    version: payment.version,
    revision: payment.revision,
    attempt: payment.attempt,
    ...payment.terms,
    attempts: Object.fromEntries(
      Object.entries(payment.attempts).map(([number, attempt]) => [number, storedAttempt(attempt)]),
    ),
    lease: payment.lease && storedLease(payment.lease),
    checkout_url: payment.checkoutUrl,
    created_at: payment.createdAt,
    updated_at: payment.updatedAt,
    began_at: payment.beganAt,
    first_opened_at: payment.firstOpenedAt,
    day: payment.firstOpenedAt === undefined ? undefined : dayKey(payment.ref, payment.firstOpenedAt),
    settled_at: payment.settledAt,
    spent_at: payment.spentAt,
    failure_reason: payment.failureReason,
    late: payment.late,
    finalised: payment.finalised,
    captures: payment.captures.length > 0 ? payment.captures.map(withoutUndefined) : undefined,
    reports: payment.reports?.map(withoutUndefined),
    refunds: payment.refunds?.map(storedRefund),
    support_links: payment.supportLinks,
    attention: payment.attention.length > 0 ? payment.attention.map(withoutUndefined) : undefined,
    flag_at: flagAt,
    flag_shard: flagAt === undefined ? undefined : flagShardOf(payment.ref),
    acknowledged_at: payment.acknowledgedAt,
    sent_at: payment.sentAt,
    verified_at: payment.verifiedAt,
    unreachable_since: payment.unreachableSince,
    due_at: payment.dueAt,
    due_shard: payment.dueAt === undefined ? undefined : shardOf(payment.ref),
    // A flag must not end with its row, nor may the way to the next payment of the fee.
    ttl:
      isInert(payment) && payment.attention.length === 0 && payment.next === undefined
        ? Math.ceil((payment.beganAt + INERT_TTL_MS) / 1000)
        : undefined,
    history: payment.history.map(({ transition, at, by, evidence }) =>
      [transition, at, by, evidence ?? []].flat().join(" "),
    ),
  });
}

function storedLease({ heldSince, ...rest }: Lease): Item {
  return withoutUndefined({ ...rest, held_since: heldSince });
}

function storedRefund({ sentAt, sentBy, settledAt, chapaRef, checkAt, ...rest }: Refund): Item {
  return withoutUndefined({
    ...rest,
    sent_at: sentAt,
    sent_by: sentBy,
    settled_at: settledAt,
    chapa_ref: chapaRef,
    check_at: checkAt,
  });
}

function storedAttempt(attempt: Attempt): Item {
  const { openedAt, closedAt, lapsedAt, verifyAt, lastRead, webhookAt, unpaidReadAt, heldSince, ...rest } = attempt;
  return withoutUndefined({
    ...rest,
    opened_at: openedAt,
    closed_at: closedAt,
    lapsed_at: lapsedAt,
    verify_at: verifyAt,
    last_read: lastRead,
    webhook_at: webhookAt,
    unpaid_read_at: unpaidReadAt,
    held_since: heldSince,
  });
}

function withoutUndefined(fields: object): Item {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
