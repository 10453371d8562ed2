import { AttemptsUsedUp, ListingClosed } from "../../lib/domain/errors.ts";
import { paymentIdOf } from "../../lib/domain/ids.ts";
import { openedAttempts, openFlags, type Payment } from "../../lib/domain/payment.ts";
import { addisAbabaDay, DAY_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import { NO_TOTALS, type Totals } from "../../lib/domain/totals.ts";
import { awaitsAcknowledgement } from "../../lib/domain/verification-schedule.ts";
import { RECONCILED_DAYS } from "../../lib/flows/reconcile.ts";
import { Violation } from "./laws.ts";
import type { Pressed, Universe } from "./universe.ts";

// A checkout that is opened at the last moment is given up after a week and looked at for another.
const HORIZON_MS = 17 * DAY_MS;
const COMPARISONS = 6;
// Money that is in flight lands after so many looks, on average.
const LOOKS_BEFORE_LANDING = 6;
// By then every checkout has been looked at twice.
const PATIENCE_MS = 2 * DAY_MS;
const STEPS = 20_000;
const PRESSES = 6;
const CONTACT_DAYS = 31;
// What an owner may be told in the end who gets nothing to pay.
const FINAL = [ListingClosed, AttemptsUsedUp];

/**
 * From here on everything works: what is in flight lands, messages are delivered, time passes until nothing is due any
 * more, the books are compared, and an owner asks once more. Then the laws of the end must hold.
 * @param comparesBooks whether the daily comparison runs first, which finds what the schedule would find later
 * @throws Violation
 */
export async function heal(universe: Universe, comparesBooks: boolean): Promise<void> {
  // The later money lands, the less is left that could find it.
  const landsAtOnce = universe.scheduler.choices.below(2) === 0;
  while (landsAtOnce && universe.land()) await drain(universe);
  await drain(universe);
  if (comparesBooks) await compareBooks(universe);
  await comeToRest(universe);
  while (universe.land()) await comeToRest(universe);
  // Once a look has found one of two captures, no other will find the second.
  if (await readBooks(universe)) await comeToRest(universe);
  await askAgain(universe);
  universe.laws.between(universe.payments());
  universe.laws.atRest(universe.payments(), universe.listing, universe.told);
  await forgetContacts(universe);
}

/** Lets time pass until nothing is due any more; now and then money lands meanwhile. */
async function comeToRest(universe: Universe): Promise<void> {
  const { scheduler } = universe;
  await readBooks(universe);
  let patience = scheduler.now + PATIENCE_MS;
  const horizon = scheduler.now + HORIZON_MS;
  for (let next = nextMoment(universe, patience); next !== undefined; next = nextMoment(universe, patience)) {
    if (Math.max(next, scheduler.now) > horizon) throw new Violation("I8", "it never comes to rest");
    // The schedule runs every minute.
    scheduler.now = Math.max(scheduler.now + MINUTE_MS, next);
    universe.sweep();
    await drain(universe);
    universe.laws.between(universe.payments());
    if (!scheduler.choices.whim(1 / LOOKS_BEFORE_LANDING) || !universe.land()) continue;
    patience = scheduler.now + PATIENCE_MS;
    await readBooks(universe);
  }
}

/** Delivers everything that can be delivered now. */
export async function drain(universe: Universe): Promise<void> {
  const { scheduler } = universe;
  for (let steps = 0; steps < STEPS; steps++) {
    if (await scheduler.step()) continue;
    if (!deliver(universe)) return;
  }
  throw new Violation("I8", "messages never come to an end");
}

/** Starts what waits in the queues. @returns whether anything did */
export function deliver(universe: Universe): boolean {
  const { now } = universe.scheduler;
  const isReady = ({ notBefore }: { notBefore: number }) => notBefore <= now;
  let isAnything = universe.changes.length > 0;
  universe.publish(10);
  for (const entry of universe.looks.filter(isReady)) {
    universe.look(entry);
    isAnything = true;
  }
  if (universe.tell()) isAnything = true;
  if (universe.notes.some(isReady)) {
    universe.notifyUsers();
    isAnything = true;
  }
  return isAnything;
}

/** When something happens by itself again. What a person must decide is asked about daily until he does. */
function nextMoment(universe: Universe, patience: number): number | undefined {
  const isLong = universe.scheduler.now > patience;
  const { looks, news, notes } = universe;
  const due = universe
    .payments()
    .flatMap((payment) => (isLong && awaitsOnlyPerson(payment) ? [] : (payment.dueAt ?? [])));
  const waiting = [...looks, ...news.slice(0, 1), ...notes].map(({ notBefore }) => notBefore);
  const moments = [...due, ...waiting];
  return moments.length > 0 ? Math.min(...moments) : undefined;
}

function awaitsOnlyPerson(payment: Payment): boolean {
  if (openFlags(payment).length === 0 || awaitsAcknowledgement(payment)) return false;
  return openedAttempts(payment).every(
    ({ verifyAt, closedAt, end }) =>
      verifyAt === undefined || end === "paid" || (payment.state === "REVIEW" && closedAt === undefined),
  );
}

/** Whoever asks again, a minute later if he is told to, gets something in the end. */
async function askAgain(universe: Universe): Promise<void> {
  let pressed: Pressed = {};
  for (let press = 0; press < PRESSES; press++) {
    pressed = universe.press("again", `again-${press}`);
    await drain(universe);
    if (pressed.payment || pressed.error?.retryAfterSeconds === undefined) break;
    universe.scheduler.now += MINUTE_MS;
  }
  const isFinal = pressed.payment !== undefined || FINAL.some((refusal) => pressed.error instanceof refusal);
  if (!isFinal) throw new Violation("I8", `an owner who asks again is told ${pressed.error?.name ?? "nothing"}`);
}

/**
 * The books are compared daily. That takes half the calls of a life, so it is done where nothing else can help.
 * @returns whether it was
 */
async function readBooks(universe: Universe): Promise<boolean> {
  forgetUnfindable(universe);
  const isNeeded = universe.laws
    .beyondLooks(universe.payments())
    .some((money) => !universe.ledger.unfindable.has(money));
  if (isNeeded) await compareBooks(universe);
  return isNeeded;
}

/** The comparison goes back some days; what was missed for longer, while everything stood still, is lost to it. */
function forgetUnfindable(universe: Universe): void {
  const { laws, ledger, scheduler } = universe;
  for (const money of laws.beyondLooks(universe.payments())) {
    if (money.at < scheduler.now - (RECONCILED_DAYS - 1) * DAY_MS) ledger.unfindable.add(money);
  }
}

/** A day that changes while it is compared is right the day after. */
async function compareBooks(universe: Universe): Promise<void> {
  for (let run = 0; run < COMPARISONS; run++) {
    universe.scheduler.now += DAY_MS;
    const today = addisAbabaDay(universe.scheduler.now);
    const before = universe.moves;
    universe.reconcile();
    await drain(universe);
    const { day, is_done } = universe.table.rows.get("X#reconcile") ?? {};
    if (day === today && is_done === true && universe.moves === before) return holdTotals(universe);
  }
  throw new Violation("totals", "the books are never compared to the end");
}

function holdTotals(universe: Universe): void {
  const { now } = universe.scheduler;
  const days = Array.from({ length: RECONCILED_DAYS }, (_, back) => addisAbabaDay(now - back * DAY_MS));
  const stored = days.map((day): [string, Totals] => {
    const row = universe.table.rows.get(`T#${day}`) ?? {};
    const numbers = Object.keys(NO_TOTALS).map((name) => [name, Number(row[name] ?? 0)]);
    return [day, { ...NO_TOTALS, ...Object.fromEntries(numbers) }];
  });
  universe.laws.compared(universe.payments(), new Map(stored), addisAbabaDay);
}

async function forgetContacts(universe: Universe): Promise<void> {
  universe.scheduler.now += CONTACT_DAYS * DAY_MS;
  for (const { ref } of universe.payments()) {
    if (await universe.contactOf(ref)) throw new Violation("contact", `${paymentIdOf(ref)} is still known`);
  }
}
