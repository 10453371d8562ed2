import { AttemptsUsedUp, ListingClosed } from "../../lib/domain/errors.ts";
import { paymentIdOf } from "../../lib/domain/ids.ts";
import { openedAttempts, openFlags, type Payment } from "../../lib/domain/payment.ts";
import { addisAbabaDay, DAY_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import { NO_TOTALS, type Totals } from "../../lib/domain/totals.ts";
import { awaitsAcknowledgement } from "../../lib/domain/verification-schedule.ts";
import { LISTED_DAYS, RECONCILED_DAYS } from "../../lib/flows/reconcile.ts";
import { Violation } from "../invariants/catalogue.ts";
import { SKEW_MS } from "../invariants/invariants.ts";
import type { Landed } from "./ledger.ts";
import { POLICY_HERE } from "./ports.ts";
import type { Pressed, Simulation } from "./simulation.ts";

// A checkout that is opened at the last moment expires after a week, and is verified for another week, or once 60 days
// after it was confirmed.
const HORIZON_MS = 80 * DAY_MS;
const COMPARISONS = 6;
// Money in flight arrives after this many steps, on average.
const STEPS_BEFORE_LANDING = 6;
// By then every checkout has been verified twice.
const PATIENCE_MS = 2 * DAY_MS;
const VERIFIED_AFTER_CLOSING_MS = 7 * DAY_MS;
const STEPS = 20_000;
const PRESSES = 6;
const CONTACT_DAYS = 31;
// The final errors for an owner who gets no checkout.
const FINAL = [ListingClosed, AttemptsUsedUp];

/**
 * From now on everything works: money in flight arrives, messages are delivered, time passes until nothing is due, the
 * reconciliation runs, and an owner asks once more. Then the final invariants must hold.
 * @param comparesBooks whether the reconciliation runs first. It finds what the schedule would find later.
 * @throws Violation
 */
export async function recover(simulation: Simulation, comparesBooks: boolean): Promise<void> {
  // The later money arrives, the fewer verifications are left to find it.
  const landsAtOnce = simulation.scheduler.choices.below(2) === 0;
  while (landsAtOnce && simulation.land()) await drain(simulation);
  await drain(simulation);
  if (comparesBooks) await compareBooks(simulation);
  await comeToRest(simulation);
  while (simulation.land()) await comeToRest(simulation);
  // Once a verification has found one of two captures, no other will find the second.
  if (await readBooks(simulation)) await comeToRest(simulation);
  await askAgain(simulation);
  countedOnce(simulation);
  simulation.publishAttention();
  await drain(simulation);
  const { ledger, listing, isApprovedByHand, notified, openAttention } = simulation;
  simulation.invariants.atRest({
    payments: simulation.payments(),
    listing: () => ({ status: listing, isByHand: isApprovedByHand }),
    isPayerNotified: ({ ref }) => notified.has(ref) || !ledger.owesNotice(ref),
    reported: ledger.reported,
    unfindable: ledger.unfindable,
    openAttention,
  });
  await forgetContacts(simulation);
}

/** Moves the time until nothing is due. Sometimes money arrives meanwhile. */
async function comeToRest(simulation: Simulation): Promise<void> {
  const { scheduler } = simulation;
  await readBooks(simulation);
  let patience = scheduler.now + PATIENCE_MS;
  const horizon = scheduler.now + HORIZON_MS;
  for (let next = nextMoment(simulation, patience); next !== undefined; next = nextMoment(simulation, patience)) {
    if (Math.max(next, scheduler.now) > horizon) throw new Violation("I8", "", "it never comes to rest");
    // The schedule runs every minute.
    scheduler.now = Math.max(scheduler.now + MINUTE_MS, next);
    simulation.sweep();
    await drain(simulation);
    simulation.invariants.between(simulation.payments());
    if (!scheduler.choices.whim(1 / STEPS_BEFORE_LANDING) || !simulation.land()) continue;
    patience = scheduler.now + PATIENCE_MS;
    await readBooks(simulation);
  }
}

/** Delivers everything that can be delivered now. */
export async function drain(simulation: Simulation): Promise<void> {
  const { scheduler } = simulation;
  for (let steps = 0; steps < STEPS; steps++) {
    if (await scheduler.step()) continue;
    if (!deliver(simulation)) return;
  }
  throw new Violation("I8", "", "messages never come to an end");
}

/** Starts what waits in the queues. @returns whether anything did */
export function deliver(simulation: Simulation): boolean {
  const { now } = simulation.scheduler;
  const isReady = ({ notBefore }: { notBefore: number }) => notBefore <= now;
  let isAnything = simulation.changes.length > 0;
  simulation.publish(10);
  for (const entry of simulation.resolveMessages.filter(isReady)) {
    simulation.resolve(entry);
    isAnything = true;
  }
  if (simulation.notifyListing()) isAnything = true;
  if (simulation.notificationMessages.some(isReady)) {
    simulation.notifyUsers();
    isAnything = true;
  }
  return isAnything;
}

/** The time of the next scheduled event. An open attention is repeated daily. */
function nextMoment(simulation: Simulation, patience: number): number | undefined {
  const isLong = simulation.scheduler.now > patience;
  const { resolveMessages, listingMessages, notificationMessages } = simulation;
  const due = simulation
    .payments()
    .flatMap((payment) => (isLong && awaitsOnlyPerson(payment) ? [] : (payment.dueAt ?? [])));
  const waiting = [...resolveMessages, ...listingMessages.slice(0, 1), ...notificationMessages].map(
    ({ notBefore }) => notBefore,
  );
  const moments = [...due, ...waiting];
  return moments.length > 0 ? Math.min(...moments) : undefined;
}

function awaitsOnlyPerson(payment: Payment): boolean {
  if (openFlags(payment).length === 0 || awaitsAcknowledgement(payment, POLICY_HERE)) return false;
  return openedAttempts(payment).every(
    ({ verifyAt, closedAt, end }) =>
      verifyAt === undefined || end === "paid" || (payment.state === "REVIEW" && closedAt === undefined),
  );
}

/** An owner asks again, a minute later if they must wait, and finally gets an answer. */
async function askAgain(simulation: Simulation): Promise<void> {
  let pressed: Pressed = {};
  for (let press = 0; press < PRESSES; press++) {
    pressed = simulation.press("again", `again-${press}`);
    await drain(simulation);
    if (pressed.payment || pressed.error?.retryAfterSeconds === undefined) break;
    simulation.scheduler.now += MINUTE_MS;
  }
  const isFinal = pressed.payment !== undefined || FINAL.some((refusal) => pressed.error instanceof refusal);
  simulation.invariants.askedAgain(simulation.payments()[0]?.ref ?? "", isFinal, pressed.error?.name ?? "nothing");
}

/**
 * Runs the daily reconciliation. It makes half the calls of a run, so it runs only if nothing else can find the money.
 * @returns whether it was
 */
async function readBooks(simulation: Simulation): Promise<boolean> {
  forgetUnfindable(simulation);
  const isNeeded = beyondVerification(simulation).some((money) => !simulation.ledger.unfindable.has(money));
  if (isNeeded) await compareBooks(simulation);
  return isNeeded;
}

/**
 * Unrecorded captures that no verification will find: the capture came a week after its checkout was left, or verify shows
 * another capture of the same checkout.
 */
function beyondVerification(simulation: Simulation): Landed[] {
  const { ledger, invariants } = simulation;
  const payments = simulation.payments();
  return ledger.captures().filter((taken) => {
    const payment = payments.find(({ ref }) => ref === taken.ref);
    if (invariants.isKnown(taken, payment, ledger.reported)) return false;
    if (payment?.captures.some(({ attempt }) => attempt === taken.attempt)) return true;
    const { closedAt = Number.POSITIVE_INFINITY, verifyAt } = payment?.attempts[taken.attempt] ?? {};
    return verifyAt === undefined && taken.at > closedAt + VERIFIED_AFTER_CLOSING_MS - SKEW_MS;
  });
}

/** The reconciliation goes back some days. It does not find older captures. */
function forgetUnfindable(simulation: Simulation): void {
  const { ledger, scheduler } = simulation;
  for (const money of beyondVerification(simulation)) {
    const isListed = money.createdAt >= scheduler.now - (LISTED_DAYS - 1) * DAY_MS;
    const isRecent = money.at >= scheduler.now - (RECONCILED_DAYS - 1) * DAY_MS;
    if (!isListed || !isRecent) ledger.unfindable.add(money);
  }
}

/** A day that changes during its reconciliation is correct on the next day. */
async function compareBooks(simulation: Simulation): Promise<void> {
  for (let run = 0; run < COMPARISONS; run++) {
    simulation.scheduler.now += DAY_MS;
    const today = addisAbabaDay(simulation.scheduler.now);
    const before = simulation.moves;
    simulation.reconcile();
    await drain(simulation);
    const { day, is_done } = simulation.table.rows.get("H#reconcile") ?? {};
    if (day === today && is_done === true && simulation.moves === before) return holdTotals(simulation);
  }
  throw new Violation("totals", "", "the books are never compared to the end");
}

function holdTotals(simulation: Simulation): void {
  const { now } = simulation.scheduler;
  const days = Array.from({ length: RECONCILED_DAYS }, (_, back) => addisAbabaDay(now - back * DAY_MS));
  const stored = days.map((day): [string, Totals] => {
    const row = simulation.table.rows.get(`T#${day}`) ?? {};
    const numbers = Object.keys(NO_TOTALS).map((name) => [name, Number(row[name] ?? 0)]);
    return [day, { ...NO_TOTALS, ...Object.fromEntries(numbers) }];
  });
  simulation.invariants.compared(simulation.payments(), new Map(stored), addisAbabaDay);
}

function countedOnce(simulation: Simulation): void {
  const { rows } = simulation.table;
  if (simulation.isTotalUncertain || rows.has("H#reconcile")) return;
  const days = [...rows].flatMap(([pk, row]) => (pk.startsWith("T#") ? [row] : []));
  const sum = (name: string) => days.reduce((all, row) => all + Number(row[name] ?? 0), 0);
  simulation.invariants.countedOnce(simulation.payments(), { success: sum("success"), revenue: sum("revenue") });
}

async function forgetContacts(simulation: Simulation): Promise<void> {
  simulation.scheduler.now += CONTACT_DAYS * DAY_MS;
  for (const { ref } of simulation.payments()) {
    if (await simulation.contactOf(ref)) throw new Violation("contact", ref, `${paymentIdOf(ref)} is still known`);
  }
}
