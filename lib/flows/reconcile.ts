import type { Listed } from "../chapa/classify.ts";
import type { ChapaClient } from "../chapa/client.ts";
import type { PageKey } from "../domain/commands.ts";
import { type CheckoutRef, checkoutRefOf, parseTxRef, paymentIdOf } from "../domain/ids.ts";
import { listedCapture } from "../domain/notes.ts";
import { type Capture, isSameCapture, openedAttempts, type Payment } from "../domain/payment.ts";
import { addisAbabaDay, DAY_MS, HOUR_MS, type Instant, SECOND_MS, spanOfDay } from "../domain/time.ts";
import { combined, NO_TOTALS, shareOf } from "../domain/totals.ts";
import type { Clock } from "../runtime/clock.ts";
import type { PaymentTable } from "../table/payments.ts";
import type { Progress, ProgressTable } from "../table/progress.ts";
import type { TotalsTable } from "../table/totals.ts";
import { type ResolvePorts, resolve } from "./resolve.ts";
import { readPage } from "./steps/read-page.ts";
import { updatePayment } from "./steps/update-payment.ts";

export type ReconcilePorts = ResolvePorts & {
  payments: Pick<PaymentTable, "find" | "findAll" | "create" | "save" | "openedOnDay">;
  chapa: Pick<ChapaClient, "verify" | "cancel" | "mode" | "transactions">;
  totals: Pick<TotalsTable, "rewrite">;
  progress: Pick<ProgressTable, "load" | "save">;
  clock: Clock;
  /** Buckets of a day in the index. */
  bucketsOf: (day: string) => string[];
};

/**
 * `done`: the comparison is complete, now or earlier today. `to_be_continued`: time is up, or Chapa did not return its
 * list.
 */
export type Reconciled = { kind: "done" | "to_be_continued"; verifications: number; findings: number };

export const RECONCILED_DAYS = 10;
// Younger transactions may still become known by webhook or schedule.
const MIN_AGE_MS = HOUR_MS;
const PAGES_LIMIT = 2_000;
const LIST_MS = 8 * SECOND_MS;
// One comparison may need several calls to Chapa. None is begun that might be cut off.
const RESERVE_MS = 20 * SECOND_MS;
const PART = 100;
// Chapa's list may lag behind its webhooks. After a day, a missing capture is a finding.
const LISTED_WITHIN_MS = DAY_MS;
const VERIFICATIONS_LIMIT = 500;

/** A transaction to compare; `checkout` is its name, parsed, if that is a reference of ours. */
type Row = Pick<Listed, "name" | "reference" | "amount" | "at"> & { checkout: CheckoutRef | undefined };

type Run = { ports: ReconcilePorts; deadline: number; now: Instant; verifications: number; findings: number };

/**
 * Compares Chapa's list with our payments of the last ten days, both ways, once a day. Money that we do not know is
 * verified, then recorded or reported. A capture that Chapa does not list is verified and reported. The totals of those
 * days are rewritten. A run holds one page at a time, and continues where the last one was cut short.
 */
export async function reconcile(ports: ReconcilePorts, deadline: number): Promise<Reconciled> {
  const run: Run = { ports, deadline, now: ports.clock.now(), verifications: 0, findings: 0 };
  const kind = await runFrom(run, begin(await ports.progress.load(), run.now));
  return { kind, verifications: run.verifications, findings: run.findings };
}

function begin(known: Progress | undefined, now: Instant): Progress {
  const day = addisAbabaDay(now);
  if (known && (!known.isDone || known.day === day)) return known;
  return { day, startedAt: now, page: 1, ours: 0, isDone: false };
}

async function runFrom(run: Run, from: Progress): Promise<Reconciled["kind"]> {
  const { ports } = run;
  for (let progress = from; !progress.isDone; await ports.progress.save(progress)) {
    if (ports.clock.now() + RESERVE_MS > run.deadline) return "to_be_continued";
    const next = await step(run, progress);
    if (!next) return "to_be_continued";
    progress = next;
    const { verifications, findings } = run;
    if (progress.isDone) ports.log.info("reconciled", { day: progress.day, verifications, findings });
  }
  return "done";
}

/**
 * Compares one page of Chapa's list or, after the last page, one of our days.
 * @returns the progress; undefined if Chapa did not return the page
 */
async function step(run: Run, progress: Progress): Promise<Progress | undefined> {
  if (progress.page !== undefined) {
    const list = await run.ports.chapa.transactions(progress.page, LIST_MS);
    if (!list) {
      run.ports.count("ChapaUnavailable");
      return undefined;
    }
    const since = progress.startedAt - RECONCILED_DAYS * DAY_MS;
    const recent = list.transactions.filter(({ at }) => at === undefined || at >= since);
    const isRipe = ({ at, tookMoney }: Listed) => tookMoney && (at === undefined || at <= run.now - MIN_AGE_MS);
    await comparePage(run, recent.filter(isRipe));
    const isLast = list.last || recent.length === 0 || progress.page >= PAGES_LIMIT;
    return { ...progress, page: isLast ? undefined : progress.page + 1 };
  }
  await compareDay(run, addisAbabaDay(progress.startedAt - progress.ours * DAY_MS));
  const ours = progress.ours + 1;
  return { ...progress, ours, isDone: ours >= RECONCILED_DAYS };
}

async function comparePage(run: Run, listed: readonly Listed[]): Promise<void> {
  const rows = listed.map((row) => ({ ...row, checkout: parseTxRef(row.name ?? "") }));
  const refs = rows.flatMap(({ checkout }) => checkout?.ref ?? []);
  const payments = await run.ports.payments.findAll([...new Set(refs)]);
  const known = new Map(payments.map((payment) => [payment.ref, payment]));
  const nameless: Row[] = [];
  for (const row of rows) {
    if (!row.checkout) nameless.push(row);
    else await compareNamed(run, known.get(row.checkout.ref), row.checkout, row);
  }
  if (nameless.length > 0) await compareNameless(run, nameless);
}

/** Compares a transaction under a reference of ours. Unknown money is verified, which records it even without a row. */
async function compareNamed(run: Run, payment: Payment | undefined, checkout: CheckoutRef, row: Row): Promise<void> {
  const capture = { attempt: checkout.attempt, reference: row.reference };
  if (payment && (await isNoted(run, payment, capture, row))) return;
  const after = await verify(run, checkout);
  if (!after || !(await isNoted(run, after, capture, row))) report(run, "not_confirmed", row);
}

/** Whether the payment has this capture. If so, marks it as listed by Chapa. */
async function isNoted(
  run: Run,
  payment: Payment,
  capture: Pick<Capture, "attempt" | "reference">,
  row: Row,
): Promise<boolean> {
  const known = payment.captures.find((other) => isSameCapture(other, capture));
  if (!known) return false;
  await updatePayment(run.ports.payments, payment, (current) => listedCapture(current, capture));
  if (row.amount !== undefined && known.amount !== undefined && row.amount !== known.amount) {
    report(run, "another_amount", row);
  }
  return true;
}

/**
 * Compares transactions under other names. They may match one of our captures by Chapa's own reference, or one of our
 * unpaid payments of that time that turns out to be paid. The rest is reported.
 */
async function compareNameless(run: Run, rows: readonly Row[]): Promise<void> {
  let left = [...rows];
  const settle = async (payment: Payment) => {
    for (const row of left) {
      const mine = payment.captures.find(({ reference }) => reference !== undefined && reference === row.reference);
      if (mine && (await isNoted(run, payment, mine, row))) left = left.filter((other) => other !== row);
    }
  };
  const latest = Math.max(...rows.map(({ at }) => at ?? run.now));
  const days = Array.from({ length: RECONCILED_DAYS }, (_, back) => addisAbabaDay(latest - back * DAY_MS));
  for (const day of days) {
    if (left.length > 0) await eachPaymentOf(run, day, settle);
  }
  for (const day of days.slice(0, 2)) {
    if (left.length === 0) break;
    await eachPaymentOf(run, day, async (payment) => {
      for (const { number } of openedAttempts(payment)) {
        if (payment.captures.some(({ attempt }) => attempt === number) || left.length === 0) continue;
        const after =
          run.verifications < VERIFICATIONS_LIMIT ? await verify(run, checkoutRefOf(payment.ref, number)) : undefined;
        if (after) await settle(after);
      }
    });
  }
  for (const row of left) report(run, "unknown_owner", row);
}

/** Counts a day's totals again, and verifies captures that Chapa's list does not contain. */
async function compareDay(run: Run, day: string): Promise<void> {
  let totals = NO_TOTALS;
  await eachPaymentOf(run, day, async (payment) => {
    let current = payment;
    for (const { attempt, at, listed, back, reference, amount } of payment.captures) {
      if (listed || back || run.now - at < LISTED_WITHIN_MS) continue;
      const checkout = checkoutRefOf(payment.ref, attempt);
      current = (await verify(run, checkout)) ?? current;
      report(run, "not_listed", { name: checkout.txRef, reference, amount, at, checkout });
    }
    totals = combined(totals, shareOf(current));
  });
  await run.ports.totals.rewrite(day, totals);
}

/** Visits every payment whose first checkout was opened on a day, one page at a time. */
async function eachPaymentOf(run: Run, day: string, visit: (payment: Payment) => Promise<void>): Promise<void> {
  const { payments, bucketsOf } = run.ports;
  const { from, to } = spanOfDay(day);
  for (const bucket of bucketsOf(day)) {
    for (let last: PageKey | undefined, isEnd = false; !isEnd; ) {
      const end = last?.at ?? to;
      const keys = await readPage(last, PART, (size) => payments.openedOnDay(bucket, { from, to: end }, size));
      for (const payment of await payments.findAll(keys.map(({ ref }) => ref))) await visit(payment);
      last = keys.at(-1);
      isEnd = keys.length < PART;
    }
  }
}

/** Verifies one checkout. If the payment was verified a moment ago, waits and tries again. */
async function verify(run: Run, checkout: CheckoutRef): Promise<Payment | undefined> {
  run.verifications++;
  let resolved = await resolve(run.ports, checkout, "reconcile", run.deadline);
  if (resolved.kind === "suppressed") {
    await run.ports.clock.sleep(resolved.afterMs);
    resolved = await resolve(run.ports, checkout, "reconcile", run.deadline);
  }
  return resolved.kind === "unknown" ? undefined : resolved.payment;
}

function report(run: Run, reason: "not_confirmed" | "another_amount" | "unknown_owner" | "not_listed", row: Row): void {
  run.findings++;
  run.ports.count("ReconcileFinding");
  const about = { payment_id: row.checkout && paymentIdOf(row.checkout.ref), tx_ref: row.name };
  run.ports.log.error("reconcile_finding", { reason, ...about, reference: row.reference, amount: row.amount });
}
