import type { Listed } from "../chapa/classify.ts";
import type { ChapaClient } from "../chapa/client.ts";
import type { PageKey, Span } from "../domain/commands.ts";
import type { Finding } from "../domain/comparison.ts";
import type { Money, VerifyResult } from "../domain/evidence.ts";
import { type CheckoutRef, checkoutRefOf, parseTxRef, paymentIdOf, type Ref } from "../domain/ids.ts";
import { listedCapture } from "../domain/notes.ts";
import {
  type Attempt,
  backAfter,
  backOf,
  type Capture,
  isSameCapture,
  openedAttempts,
  type Payment,
  termsOf,
} from "../domain/payment.ts";
import { addisAbabaDay, DAY_MS, HOUR_MS, type Instant, MINUTE_MS, SECOND_MS, spanOfDay } from "../domain/time.ts";
import { combined, NO_TOTALS, shareOf } from "../domain/totals.ts";
import type { MoneyKind } from "../domain/vocabulary.ts";
import type { Clock } from "../runtime/clock.ts";
import type { PaymentTable } from "../table/payments.ts";
import type { Progress, ProgressTable } from "../table/progress.ts";
import type { TotalsTable } from "../table/totals.ts";
import { type ResolvePorts, resolve } from "./resolve.ts";
import { readPage } from "./steps/read-page.ts";
import { recordCapture } from "./steps/record-capture.ts";
import { runContext } from "./steps/run-context.ts";
import { updatePayment } from "./steps/update-payment.ts";

export type ReconcilePorts = ResolvePorts & {
  payments: Pick<PaymentTable, "find" | "findAll" | "create" | "save" | "openedOnDay" | "point" | "pointed">;
  chapa: Pick<ChapaClient, "verify" | "cancel" | "current" | "transactions">;
  totals: Pick<TotalsTable, "rewrite">;
  progress: Pick<ProgressTable, "load" | "save" | "end" | "wasNamed" | "markNamed">;
  clock: Clock;
  /** Pages of Chapa's list that one comparison reads at most. */
  pagesLimit: number;
  /** Buckets of a day in the index. */
  bucketsOf: (day: string) => string[];
  txStage: string;
};

/**
 * `done`: the comparison is complete, now or earlier today. `to_be_continued`: time is up, or Chapa did not return its
 * list. `incomplete`: Chapa's list is too long or not in its order, so money in it may have been missed.
 */
export type Reconciled = {
  kind: "done" | "to_be_continued" | "incomplete";
  verifications: number;
  findings: number;
};

/** How many of our days are compared. */
export const RECONCILED_DAYS = 10;
// Chapa's list has only the date on which a transaction was created, and money may come or go back weeks later.
export const LISTED_DAYS = 45;
// Younger transactions may still become known by webhook or schedule.
const MIN_AGE_MS = HOUR_MS;
const LIST_MS = 8 * SECOND_MS;
// One step may need several calls to Chapa. None is begun that might be cut off. A person who waits gets smaller ones.
const RESERVE_MS = 20 * SECOND_MS;
const RESERVE_WHILE_ASKED_MS = 10 * SECOND_MS;
const PART = 100;
// Chapa's list may lag behind its webhooks. After a day, a missing capture is a finding.
const LISTED_WITHIN_MS = DAY_MS;
const VERIFICATIONS_LIMIT = 500;
// Chapa creates a transaction when we open its checkout. The clocks may differ.
export const SAME_TIME_MS = 15 * MINUTE_MS;
const NAMED_IN_ONE_FINDING = 100;
// Findings that are kept to be read. The log has the others.
const KEPT_FINDINGS = 100;

/** A transaction in Chapa's list that took money. */
type Row = Listed & { money: MoneyKind };

/** The checkouts of a day's payments that were not their first, and how many of the payments cannot be read. */
type Renewed = { renewed: { ref: Ref; openedAt: Instant }[]; unreadable: number };
type Run = {
  ports: ReconcilePorts;
  deadline: number;
  reserveMs: number;
  now: Instant;
  verifications: number;
  findings: Finding[];
  renewed: Map<string, Renewed>;
};

/**
 * Compares Chapa's list of the last 45 days with our payments, and our payments of the last ten days with that list,
 * once a day. Money that we do not know, and money that went back, is verified, then recorded or reported. A capture
 * that Chapa does not list is verified and reported. The totals of the ten days are rewritten. A run holds one page at a
 * time, and continues where the last one was cut short.
 * @param isAsked a person asks for it now: one that is done begins anew, also today's
 */
export async function reconcile(ports: ReconcilePorts, deadline: number, isAsked = false): Promise<Reconciled> {
  const reserveMs = isAsked ? RESERVE_WHILE_ASKED_MS : RESERVE_MS;
  const now = ports.clock.now();
  const run: Run = { ports, deadline, reserveMs, now, verifications: 0, findings: [], renewed: new Map() };
  const kind = await runFrom(run, begin(await ports.progress.load(), now, isAsked));
  return { kind, verifications: run.verifications, findings: run.findings.length };
}

function begin(known: Progress | undefined, now: Instant, isAsked: boolean): Progress {
  const day = addisAbabaDay(now);
  if (known && (!isEnded(known) || (known.day === day && !isAsked))) return known;
  const none = { page: 1, foreign: [], ours: 0, isDone: false, findings: [], found: 0 };
  return { ...none, version: known?.version ?? 0, day, startedAt: now };
}

function isEnded({ page, ours }: Progress): boolean {
  return page === undefined && ours >= RECONCILED_DAYS;
}

async function runFrom(run: Run, from: Progress): Promise<Reconciled["kind"]> {
  const { ports } = run;
  let progress = from;
  while (!isEnded(progress)) {
    if (ports.clock.now() + run.reserveMs > run.deadline) return "to_be_continued";
    const before = run.findings.length;
    const next = await step(run, progress);
    if (!next) return "to_be_continued";
    const made = withFindings(next, run.findings.slice(before));
    const { verifications, findings } = run;
    if (isEnded(made)) await ports.progress.end(made, ports.clock.now());
    const saved = await ports.progress.save(made);
    // Another run has made this step, too, and goes on.
    if (!saved) return "to_be_continued";
    progress = saved;
    if (progress.isDone) {
      ports.count("Reconciled");
      ports.log.info("reconciled", { day: progress.day, verifications, findings: findings.length });
    }
  }
  return progress.isDone ? "done" : "incomplete";
}

function withFindings(progress: Progress, made: readonly Finding[]): Progress {
  const findings = [...progress.findings, ...made].slice(0, KEPT_FINDINGS);
  return { ...progress, findings, found: progress.found + made.length };
}

/**
 * Compares one page of Chapa's list or, after the last page, one of our days.
 * @returns the progress; undefined if Chapa did not return the page
 */
async function step(run: Run, progress: Progress): Promise<Progress | undefined> {
  if (progress.page !== undefined) return stepThroughList(run, progress, progress.page);
  await compareDay(run, addisAbabaDay(progress.startedAt - progress.ours * DAY_MS), progress);
  const ours = progress.ours + 1;
  return { ...progress, ours, isDone: ours >= RECONCILED_DAYS && progress.incomplete === undefined };
}

async function stepThroughList(run: Run, progress: Progress, page: number): Promise<Progress | undefined> {
  const list = await run.ports.chapa.transactions(page, LIST_MS);
  if (!list) {
    run.ports.count("ChapaUnavailable");
    return undefined;
  }
  const since = progress.startedAt - LISTED_DAYS * DAY_MS;
  const recent = list.transactions.filter(({ at }) => at === undefined || at >= since);
  const foreign = await comparePage(run, progress, recent.filter(isRipe(run.now)));
  const dates = list.transactions.flatMap(({ at }) => at ?? []);
  const isOrdered = isNewestFirst(dates) && Math.max(...dates) <= (progress.newest ?? Number.POSITIVE_INFINITY);
  const incomplete = progress.incomplete ?? (isOrdered || dates.length === 0 ? undefined : "order");
  // Only an order that has shown itself proves that older pages follow.
  const showsOrder = page > 1 || dates.some((at) => at !== dates[0]);
  const isEnd = list.last || (recent.length === 0 && showsOrder && incomplete === undefined);
  const next = { ...progress, foreign: [...progress.foreign, ...foreign].slice(0, NAMED_IN_ONE_FINDING), incomplete };
  if (isEnd) return endOfList(run, next);
  if (page >= run.ports.pagesLimit) return endOfList(run, { ...next, incomplete: incomplete ?? "pages" });
  return { ...next, page: page + 1, newest: dates.length > 0 ? Math.max(...dates) : progress.newest };
}

function isNewestFirst(dates: readonly number[]): boolean {
  return dates.every((at, index) => at <= (dates[index - 1] ?? at));
}

const isRipe =
  (now: Instant) =>
  (listed: Listed): listed is Row =>
    listed.money !== undefined && (listed.at === undefined || listed.at <= now - MIN_AGE_MS);

/** Names all transactions of other programs in one finding, and an end that proves nothing in another. */
function endOfList(run: Run, progress: Progress): Progress {
  const { foreign, incomplete } = progress;
  if (foreign.length > 0) report(run, "foreign", { references: foreign.join(" ") });
  if (incomplete) report(run, "incomplete", { reason_of_end: incomplete });
  return { ...progress, page: undefined, newest: undefined, foreign: [] };
}

/** @returns the transactions that belong to no payment of ours, and that no earlier comparison has named */
async function comparePage(run: Run, progress: Progress, rows: readonly Row[]): Promise<string[]> {
  const { payments } = run.ports;
  const matched: { row: Row; checkout: CheckoutRef | undefined }[] = [];
  for (const row of rows) matched.push({ row, checkout: await checkoutOf(run, row) });
  const refs = matched.flatMap(({ checkout }) => checkout?.ref ?? []);
  const found = await payments.findAll([...new Set(refs)]);
  const unreadable = new Set(found.unreadable.map(({ ref }) => ref));
  const known = new Map(found.payments.map((payment) => [payment.ref, payment]));
  for (const { row, checkout } of matched) {
    if (checkout && !unreadable.has(checkout.ref)) await compareOurs(run, known, checkout, row);
  }
  const rest = matched.flatMap(({ row, checkout }) => (checkout ? [] : [row]));
  return compareRest(run, progress, rest);
}

/** Returns the checkout of a row: by our reference, or by Chapa's, which a capture or a signed webhook has left. */
async function checkoutOf(run: Run, row: Row): Promise<CheckoutRef | undefined> {
  const { payments, txStage } = run.ports;
  const named = parseTxRef(row.name ?? "", txStage);
  if (named || row.reference === undefined) return named;
  const pointed = await payments.pointed(row.reference);
  return pointed && checkoutRefOf({ ref: pointed.ref, txStage }, pointed.attempt);
}

/**
 * Compares a transaction of ours. One that differs from what we know is verified, which records it even without a row of
 * ours. Of several captures verify shows one; about the others Chapa's list is as good.
 */
async function compareOurs(run: Run, known: Map<Ref, Payment>, checkout: CheckoutRef, row: Row): Promise<void> {
  const { ref, attempt } = checkout;
  const capture = { attempt, reference: row.reference };
  const before = known.get(ref);
  if (before && isKnown(before, capture, row.money)) return void known.set(ref, await noted(run, before, capture, row));
  const { payment, result } = await verify(run, checkout);
  if (!payment) return report(run, "not_confirmed", fieldsOf(row, checkout));
  const isOpen = !isKnown(payment, capture, row.money) && isAboutAnother(payment, capture, result);
  const after = isOpen ? await recordListed(run, payment, checkout, row) : payment;
  known.set(ref, await noted(run, after, capture, row));
  if (!captureIn(after, capture)) report(run, "not_confirmed", fieldsOf(row, checkout));
}

function captureIn({ captures }: Payment, capture: Pick<Capture, "attempt" | "reference">): Capture | undefined {
  return captures.find((other) => isSameCapture(other, capture));
}

/** Whether the payment has this capture, and nothing else went back of it than the list says. */
function isKnown(payment: Payment, capture: Pick<Capture, "attempt" | "reference">, money: MoneyKind): boolean {
  const known = captureIn(payment, capture);
  if (!known) return false;
  const [now, then] = [backOf(known), backAfter(payment, known, money)];
  return now.refunded === then.refunded && now.reversed === then.reversed;
}

/** Whether verify has answered with another capture of the same attempt, and so says nothing about this one. */
function isAboutAnother(
  payment: Payment,
  capture: Pick<Capture, "attempt" | "reference">,
  result: VerifyResult | undefined,
): boolean {
  if (result?.kind !== "paid" && result?.kind !== "refunded" && result?.kind !== "reversed") return false;
  const { reference } = result.facts;
  if (reference === undefined) return captureIn(payment, capture) === undefined;
  return capture.reference !== undefined && reference !== capture.reference;
}

async function recordListed(run: Run, payment: Payment, checkout: CheckoutRef, row: Row): Promise<Payment> {
  const { attempt } = checkout;
  const known = captureIn(payment, { attempt, reference: row.reference });
  // Only verify makes a success of a payment, or a review.
  if (!known && payment.state !== "SUCCESS" && payment.state !== "REVIEW") return payment;
  const { amount, currency, mode } = known ?? { ...row, mode: termsOf(payment, attempt).mode };
  const result: Money = { kind: row.money, facts: { amount, currency, mode, reference: row.reference } };
  const context = runContext(run.ports, "reconcile:list");
  const after = await recordCapture(
    run.ports,
    { key: payment, payment },
    { attempt, result },
    { context, deadline: run.deadline },
  );
  return after ?? payment;
}

/** Returns the payment with its capture marked as listed by Chapa. */
async function noted(
  run: Run,
  payment: Payment,
  capture: Pick<Capture, "attempt" | "reference">,
  row: Row,
): Promise<Payment> {
  const known = captureIn(payment, capture);
  if (row.amount !== undefined && known?.amount !== undefined && row.amount !== known.amount) {
    report(run, "another_amount", fieldsOf(row, checkoutRefOf(payment, capture.attempt)));
  }
  const updated = await updatePayment(run.ports.payments, payment, (current) => listedCapture(current, capture));
  return updated.payment ?? payment;
}

/**
 * Compares transactions that nothing names as ours. One may be a checkout of ours that was opened at that time for that
 * amount, and that turns out to be paid. The others belong to other programs, and are named once.
 */
async function compareRest(run: Run, { startedAt }: Progress, rows: readonly Row[]): Promise<string[]> {
  const { progress } = run.ports;
  let left: Row[] = [];
  for (const row of rows) if (!(await progress.wasNamed(idOf(row), startedAt))) left.push(row);
  const undecided = new Set<Row>();
  const unreadable = await eachCandidate(run, left, async (payment, attempt) => {
    const alike = left.filter((row) => isLike(row, attempt));
    if (alike.length === 0 || payment.captures.some((capture) => capture.attempt === attempt.number)) return;
    const { payment: after, result } =
      run.verifications < VERIFICATIONS_LIMIT ? await verify(run, checkoutRefOf(payment, attempt.number)) : {};
    if (!result || result.kind === "unavailable") for (const row of alike) undecided.add(row);
    for (const row of alike) {
      const capture = { attempt: attempt.number, reference: row.reference };
      if (!after || row.reference === undefined || captureIn(after, capture)?.reference !== row.reference) continue;
      await noted(run, after, capture, row);
      left = left.filter((other) => other !== row);
    }
  });
  // Each may be a checkout of a payment that cannot be read. None is named, so that they are compared again.
  if (unreadable > 0) return [];
  const foreign = left.filter((row) => !undecided.has(row)).map(idOf);
  for (const id of foreign) await progress.markNamed(id, startedAt, run.now);
  return foreign;
}

type Visit = (payment: Payment, attempt: Attempt & { number: number }) => Promise<void>;

/**
 * Visits our checkouts that were opened about when the given transactions were created. A payment is found by its first
 * checkout, so the first ones of that time are read for each page, and the later ones of each day once in a run.
 * @returns how many of the payments cannot be read
 */
async function eachCandidate(run: Run, rows: readonly Row[], visit: Visit): Promise<number> {
  if (rows.length === 0) return 0;
  const times = rows.map(({ at }) => at ?? run.now);
  const span = { from: Math.min(...times) - SAME_TIME_MS, to: Math.max(...times) + SAME_TIME_MS };
  const earliest = Math.min(...times) - RECONCILED_DAYS * DAY_MS;
  // A transaction without a date may be any checkout.
  const first = rows.every(({ at }) => at !== undefined) ? span : { from: earliest, to: span.to };
  const seen = new Set<Ref>();
  let unreadable = 0;
  for (const day of daysOf(first)) {
    unreadable += await eachPaymentOf(run, day, first, async (payment) => {
      seen.add(payment.ref);
      for (const attempt of openedAttempts(payment)) await visit(payment, attempt);
    });
  }
  for (const day of daysOf({ from: earliest, to: span.to })) {
    const { renewed, unreadable: hidden } = await renewedOn(run, day);
    unreadable += hidden;
    const close = renewed.filter(({ ref, openedAt }) => !seen.has(ref) && openedAt >= span.from && openedAt <= span.to);
    const { payments } = await run.ports.payments.findAll([...new Set(close.map(({ ref }) => ref))]);
    for (const payment of payments) for (const attempt of openedAttempts(payment)) await visit(payment, attempt);
  }
  return unreadable;
}

/** The later checkouts of the payments of a day. */
async function renewedOn(run: Run, day: string): Promise<Renewed> {
  const known = run.renewed.get(day);
  if (known) return known;
  const renewed: Renewed["renewed"] = [];
  const unreadable = await eachPaymentOf(run, day, spanOfDay(day), async (payment) => {
    for (const { openedAt } of openedAttempts(payment)) {
      if (openedAt !== payment.firstOpenedAt) renewed.push({ ref: payment.ref, openedAt });
    }
  });
  const found = { renewed, unreadable };
  run.renewed.set(day, found);
  return found;
}

/** The days in a span, the latest first. */
function daysOf({ from, to }: Span): string[] {
  const days = new Set<string>();
  for (let at = to; at > from; at -= DAY_MS) days.add(addisAbabaDay(at));
  return [...days.add(addisAbabaDay(from))];
}

/** Whether the transaction may be this checkout: created when it was opened, for the same money. */
function isLike({ at, amount, currency }: Row, attempt: Attempt): boolean {
  const isThen = at === undefined || Math.abs(at - attempt.openedAt) <= SAME_TIME_MS;
  return isThen && amount === attempt.amount && (currency === undefined || currency === attempt.currency);
}

function idOf({ reference, name, at, amount }: Row): string {
  return reference ?? name ?? `${at}-${amount}`;
}

/**
 * Verifies captures that Chapa's list does not contain, and counts a day's totals again, unless a payment of the day
 * cannot be read: what it adds to them is unknown.
 */
async function compareDay(run: Run, day: string, { incomplete }: Progress): Promise<void> {
  let totals = NO_TOTALS;
  const unreadable = await eachPaymentOf(run, day, spanOfDay(day), async (payment) => {
    let current = payment;
    for (const { attempt, at, listed, back, reference, amount } of payment.captures) {
      // A list that was not read to its end does not say what is missing in it.
      if (incomplete || listed || back || run.now - at < LISTED_WITHIN_MS) continue;
      const checkout = checkoutRefOf(payment, attempt);
      current = (await verify(run, checkout)).payment ?? current;
      report(run, "not_listed", fieldsOf({ name: checkout.txRef, reference, amount }, checkout));
    }
    totals = combined(totals, shareOf(current));
  });
  if (unreadable === 0) await run.ports.totals.rewrite(day, totals);
}

/**
 * Visits every payment whose first checkout was opened on a day and within a span, one page at a time.
 * @returns how many of them cannot be read
 */
async function eachPaymentOf(
  run: Run,
  day: string,
  within: Span,
  visit: (payment: Payment) => Promise<void>,
): Promise<number> {
  const { payments, bucketsOf } = run.ports;
  let unreadable = 0;
  const whole = spanOfDay(day);
  const [from, to] = [Math.max(whole.from, within.from), Math.min(whole.to, within.to)];
  for (const bucket of bucketsOf(day)) {
    for (let last: PageKey | undefined, isEnd = false; !isEnd; ) {
      const end = last?.at ?? to;
      const keys = await readPage(last, PART, (size) => payments.openedOnDay(bucket, { from, to: end }, size));
      const found = await payments.findAll(keys.map(({ ref }) => ref));
      for (const payment of found.payments) await visit(payment);
      unreadable += found.unreadable.length;
      last = keys.at(-1);
      isEnd = keys.length < PART;
    }
  }
  return unreadable;
}

/** Verifies one checkout. If the payment was verified a moment ago, waits and tries again. */
async function verify(
  run: Run,
  checkout: CheckoutRef,
): Promise<{ payment?: Payment | undefined; result?: VerifyResult | undefined }> {
  run.verifications++;
  let resolved = await resolve(run.ports, checkout, "reconcile", run.deadline);
  if (resolved.kind === "suppressed") {
    await run.ports.clock.sleep(resolved.afterMs);
    resolved = await resolve(run.ports, checkout, "reconcile", run.deadline);
  }
  if (resolved.kind === "unknown") return {};
  return resolved.kind === "verified" ? resolved : { payment: resolved.payment };
}

type Reason = "not_confirmed" | "another_amount" | "foreign" | "not_listed" | "incomplete";

function report(run: Run, reason: Reason, fields: Readonly<Record<string, string | number | undefined>>): void {
  const known = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  run.findings.push({ ...Object.fromEntries(known), reason });
  run.ports.count("ReconcileFinding");
  run.ports.log.error("reconcile_finding", { reason, ...fields });
}

function fieldsOf({ name, reference, amount }: Pick<Row, "name" | "reference" | "amount">, { ref }: CheckoutRef) {
  return { payment_id: paymentIdOf(ref), tx_ref: name, reference, amount };
}
