import type { Listed } from "../chapa/classify.ts";
import type { ChapaClient } from "../chapa/client.ts";
import { listedCapture } from "../domain/apply.ts";
import type { PageKey } from "../domain/commands.ts";
import { type CheckoutRef, checkoutRefOf, parseTxRef, paymentIdOf } from "../domain/ids.ts";
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
  /** Buckets of a day. */
  bucketsOf: (day: string) => string[];
};

/** `done`: all of it, now or earlier today. `to_be_continued`: time is up, or Chapa does not give its list. */
export type Reconciled = { kind: "done" | "to_be_continued"; verifications: number; findings: number };

export const RECONCILED_DAYS = 10;
// What is younger has its own ways of becoming known, which are under way.
const MIN_AGE_MS = HOUR_MS;
const PAGES_LIMIT = 2_000;
const LIST_MS = 8 * SECOND_MS;
// One comparison may need several questions to Chapa; none is begun that could be cut off.
const RESERVE_MS = 20 * SECOND_MS;
const PART = 100;
// Chapa's list may be behind its webhooks; a capture that it does not have after a day is odd.
const LISTED_WITHIN_MS = DAY_MS;
const VERIFICATIONS_LIMIT = 500;

type Run = { ports: ReconcilePorts; deadline: number; now: Instant; verifications: number; findings: number };

/**
 * Compares Chapa's books with ours over the last ten days, both ways, once a day: money there that is not known here
 * is verified, and taken in or reported; money here that is not listed there is verified, and reported; the totals of
 * those days are written as they are. Holds one page at a time, and goes on where a run was cut short.
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

/** A page of theirs, then a day of ours; undefined when Chapa does not give the page. */
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
  const refs = listed.flatMap(({ name }) => parseTxRef(name ?? "")?.ref ?? []);
  const rows = await run.ports.payments.findAll([...new Set(refs)]);
  const known = new Map(rows.map((payment) => [payment.ref, payment]));
  const nameless: Listed[] = [];
  for (const row of listed) {
    const parsed = parseTxRef(row.name ?? "");
    if (!parsed) nameless.push(row);
    else await compareNamed(run, known.get(parsed.ref), parsed, row);
  }
  if (nameless.length > 0) await compareNameless(run, nameless);
}

/** Money under a reference of ours: known, or asked about, which takes it in even where there is no row. */
async function compareNamed(run: Run, payment: Payment | undefined, checkout: CheckoutRef, row: Listed): Promise<void> {
  const capture = { attempt: checkout.attempt, reference: row.reference };
  if (payment && (await isNoted(run, payment, capture, row))) return;
  const after = await verify(run, checkout);
  if (!after || !(await isNoted(run, after, capture, row))) report(run, "not_confirmed", row);
}

/** Whether the payment has this capture; then it is noted that Chapa lists it. */
async function isNoted(
  run: Run,
  payment: Payment,
  capture: Pick<Capture, "attempt" | "reference">,
  row: Listed,
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
 * Money under a name that is none of ours. It may still be: then it is one of our captures by Chapa's own reference,
 * or one of our unpaid payments of that time turns out paid. Whatever is left is somebody else's, or a finding.
 */
async function compareNameless(run: Run, rows: readonly Listed[]): Promise<void> {
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

/** Counts a day anew, and asks about captures that Chapa's list does not have. */
async function compareDay(run: Run, day: string): Promise<void> {
  let totals = NO_TOTALS;
  await eachPaymentOf(run, day, async (payment) => {
    let current = payment;
    for (const { attempt, at, listed, reversal, reference, amount } of payment.captures) {
      if (listed || reversal || run.now - at < LISTED_WITHIN_MS) continue;
      const checkout = checkoutRefOf(payment.ref, attempt);
      current = (await verify(run, checkout)) ?? current;
      report(run, "not_listed", { name: checkout.txRef, reference, amount, at, tookMoney: true });
    }
    totals = combined(totals, shareOf(current));
  });
  await run.ports.totals.rewrite(day, totals);
}

/** Every payment whose first checkout was opened on a day, a part at a time. */
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

/** Asks about one checkout; waits where somebody has just asked about the same payment. */
async function verify(run: Run, checkout: CheckoutRef): Promise<Payment | undefined> {
  run.verifications++;
  let resolved = await resolve(run.ports, checkout, "reconcile", run.deadline);
  if (resolved.kind === "suppressed") {
    await run.ports.clock.sleep(resolved.afterMs);
    resolved = await resolve(run.ports, checkout, "reconcile", run.deadline);
  }
  return resolved.kind === "unknown" ? undefined : resolved.payment;
}

function report(
  run: Run,
  reason: "not_confirmed" | "another_amount" | "unknown_owner" | "not_listed",
  row: Listed,
): void {
  run.findings++;
  run.ports.count("ReconcileFinding");
  const parsed = parseTxRef(row.name ?? "");
  const about = { payment_id: parsed && paymentIdOf(parsed.ref), tx_ref: row.name };
  run.ports.log.error("reconcile_finding", { reason, ...about, reference: row.reference, amount: row.amount });
}
