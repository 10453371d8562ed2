import { attemptSubject, openEntries } from "../../lib/domain/attention.ts";
import {
  CheckoutClosing,
  DecisionImpossible,
  GatewayMisconfigured,
  ListingClosed,
  PaymentUnclear,
} from "../../lib/domain/errors.ts";
import { paymentIdOf, txRefOf } from "../../lib/domain/ids.ts";
import { openedAttempts, openFlags, type Payment } from "../../lib/domain/payment.ts";
import { addisAbabaDay, DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import { NO_TOTALS, type Totals } from "../../lib/domain/totals.ts";
import { awaitsAcknowledgement } from "../../lib/domain/verification-schedule.ts";
import { LISTED_DAYS, RECONCILED_DAYS, SAME_TIME_MS } from "../../lib/flows/reconcile.ts";
import { Violation } from "../invariants/catalogue.ts";
import { besideDuplicateSince, linesOf, PERSON, SKEW_MS } from "../invariants/invariants.ts";
import type { Taken } from "../invariants/world.ts";
import { POLICY } from "../support/payments.ts";
import type { Focus } from "./focus.ts";
import type { Landed } from "./ledger.ts";
import { People } from "./people.ts";
import type { Pressed, Simulation } from "./simulation.ts";

// A checkout that is opened at the last moment lapses after a week and is verified for three months, and once more 60
// days after it was confirmed.
const HORIZON_MS = 180 * DAY_MS;
// Far fewer sweeps than these find everything that is due; a date that nothing moves would be found by one each minute.
const SWEEPS = 3000;
const COMPARISONS = 6;
// Money in flight arrives after this many steps, on average.
const STEPS_BEFORE_LANDING = 6;
// By then every checkout has been verified twice.
const PATIENCE_MS = 2 * DAY_MS;
// A question that Chapa does not answer is asked again after six hours at the latest.
const KNOWN_WITHIN_MS = 7 * HOUR_MS;
const VERIFIED_AFTER_CLOSING_MS = 7 * DAY_MS;
const VERIFIED_AFTER_LAPSE_MS = 90 * DAY_MS;
// Whoever asks, and asks again after this time, gets a link or a final answer.
const PAYABLE_WITHIN_MS = POLICY.lapseMs + 15 * MINUTE_MS;
// Chapa's verify is silent for fewer steps than these once money has arrived.
const SILENT_STEPS = 5;
const STEPS = 20_000;
const CONTACT_DAYS = 31;
// The final errors for an owner who gets no checkout.
const FINAL = [ListingClosed];

/**
 * From now on everything works: money in flight arrives, messages are delivered, time passes until nothing is due, the
 * reconciliation runs, and an owner asks once more. Then the final invariants must hold.
 * @param focus whether money in flight arrives at the very end
 * @param comparesBooks whether the reconciliation runs first. It finds what the schedule would find later.
 * @throws Violation
 */
export async function recover(
  simulation: Simulation,
  comparesBooks: boolean,
  focus: Pick<Focus, "landsLast"> & { people?: People } = {},
): Promise<void> {
  // The later money arrives, the fewer verifications are left to find it.
  const { behaviour, scheduler } = simulation;
  const people = focus.people ?? new People(simulation, scheduler.choices);
  const landsAtOnce = scheduler.choices.below(3) === 0 && !focus.landsLast;
  // Then no verification is left but what a webhook asks for.
  const landsLast = scheduler.choices.below(3) === 1 || focus.landsLast === true;
  const isAskedFirst = scheduler.choices.below(2) === 1;
  // Chapa's words for money stay unknown a while longer than its outages.
  const { paidWord } = behaviour;
  behaviour.end();
  if (isAskedFirst) {
    behaviour.paidWord = paidWord;
    await drain(simulation);
    await ask(simulation, "first");
    behaviour.end();
  }
  while (landsAtOnce && simulation.land()) await drain(simulation);
  await drain(simulation);
  if (comparesBooks) await compareBooks(simulation);
  await comeToRest(simulation, people, { isQuiet: landsLast });
  while (lands(simulation)) await comeToRest(simulation, people);
  // Once a verification has found one of two captures, no other will find the second.
  if (await readBooks(simulation)) await comeToRest(simulation, people);
  if (focus.people) await decideAll(simulation, people);
  await askAgain(simulation);
  await drain(simulation);
  if (focus.people) compareRefunds(simulation);
  countedOnce(simulation);
  simulation.publishAttention();
  await drain(simulation);
  forgetUnfindable(simulation);
  const { ledger, listing, isApprovedByHand, notified, openAttention } = simulation;
  simulation.invariants.atRest({
    payments: simulation.payments(),
    listing: ({ propertyId }) => ({ status: propertyId && listing, isByHand: isApprovedByHand }),
    isPayerNotified: ({ ref }) => notified.has(ref) || !ledger.owesNotice(ref),
    reported: ledger.reported,
    unfindable: new Set<Taken>(ledger.unfindable.keys()),
    openAttention,
    waiting: {
      now: scheduler.now,
      policy: simulation.ports.initiate.policy,
      isCounted: ledger.counted.has("DeadlineMissed"),
    },
  });
  await forgetContacts(simulation);
}

/** Moves the time until nothing is due. Unless it is quiet, money arrives now and then. */
async function comeToRest(simulation: Simulation, people: People, { isQuiet = false } = {}): Promise<void> {
  const { scheduler } = simulation;
  await readBooks(simulation);
  const began = scheduler.now;
  let answersSince = began;
  let patience = began + PATIENCE_MS;
  const horizon = scheduler.now + HORIZON_MS;
  let sweeps = 0;
  let silentFor = scheduler.choices.below(SILENT_STEPS);
  simulation.behaviour.isSilent = silentFor > 0;
  for (let next = nextMoment(simulation, patience); next !== undefined; next = nextMoment(simulation, patience)) {
    if (Math.max(next, scheduler.now) > horizon || sweeps++ > SWEEPS)
      throw new Violation("I8", "", "it never comes to rest");
    // Sixty days pass before a confirmed checkout is verified once more. The comparison does not rest for so long.
    if (next > scheduler.now + RECONCILED_DAYS * DAY_MS) await readBooks(simulation);
    // The schedule runs every minute.
    scheduler.now = Math.max(scheduler.now + MINUTE_MS, next);
    simulation.sweep();
    await drain(simulation);
    simulation.invariants.between(simulation.payments());
    endRefunds(simulation, people);
    holdRefundsKnown(simulation, began);
    holdNoLinkBesidePaid(simulation, began);
    holdNoLinkBesideDuplicate(simulation, began);
    if (simulation.behaviour.isSilent) answersSince = scheduler.now;
    holdWebhooksKnown(simulation, answersSince);
    simulation.behaviour.isSilent = silentFor-- > 0;
    if (isQuiet || !scheduler.choices.whim(1 / STEPS_BEFORE_LANDING) || !lands(simulation)) continue;
    silentFor = scheduler.choices.below(SILENT_STEPS);
    simulation.behaviour.isSilent = silentFor > 0;
    patience = scheduler.now + PATIENCE_MS;
    await readBooks(simulation);
  }
  simulation.behaviour.isSilent = false;
}

/** Refunds go on at Chapa, and a person finds out about those of which Chapa says nothing. */
function endRefunds(simulation: Simulation, people: People): void {
  const { scheduler, refundSteps } = simulation;
  const [step] = refundSteps;
  if (step && scheduler.choices.whim(1 / 2)) people.stepRefund(step.ref, scheduler.choices.whim(1 / 2));
  for (const payment of simulation.payments()) {
    // Whoever has answered without an outcome has one later.
    const isCalled = payment.attention.some(({ code }) => code === "refund_unclear");
    if (isCalled && scheduler.choices.whim(1 / 4)) people.judge(payment, `${PERSON}-last`);
  }
}

/** Nobody waits for longer than a day for the end of a refund without a person who is called. */
function holdRefundsKnown(simulation: Simulation, began: number): void {
  const { invariants, scheduler } = simulation;
  if (scheduler.now < began + HOUR_MS) return;
  for (const payment of simulation.payments()) invariants.refundsWait(payment, scheduler.now - HOUR_MS);
}

/** A person decides about all money under review, in half of the runs. */
async function decideAll(simulation: Simulation, people: People): Promise<void> {
  const { scheduler, invariants } = simulation;
  if (scheduler.choices.whim(1 / 2)) return;
  for (const payment of simulation.payments()) {
    if (payment.state !== "REVIEW") continue;
    const decided = people.reject(payment, `${PERSON}-last`);
    await drain(simulation);
    if (decided.error instanceof DecisionImpossible) invariants.undecidable(payment.ref, decided.error.message);
  }
  await comeToRest(simulation, people);
}

function compareRefunds(simulation: Simulation): void {
  const { invariants, ledger } = simulation;
  for (const payment of simulation.payments())
    invariants.booksCompared(payment, simulation.refunded(), (reference) => ledger.bookOf(reference));
}

/** Money in flight arrives, now and then on two links at once, with Chapa's signed webhooks or without. */
function lands(simulation: Simulation): boolean {
  const { choices } = simulation.scheduler;
  const links = [simulation.land(), choices.whim(1 / 2) ? simulation.land() : undefined].flatMap((link) => link ?? []);
  const isAnnounced = choices.whim(1 / 2);
  for (const link of isAnnounced ? links : []) simulation.announce(link);
  return links.length > 0;
}

/** Where Chapa cancels, no other link of a paid fee stays open for long, whoever has died meanwhile. */
function holdNoLinkBesidePaid(simulation: Simulation, began: number): void {
  const { behaviour, invariants, ledger, scheduler } = simulation;
  const isLong = (since: number) => scheduler.now > since + PATIENCE_MS;
  if (behaviour.cancelRefused > 0 || !isLong(began)) return;
  for (const { ref, state, settledAt = 0 } of simulation.payments()) {
    if (state !== "SUCCESS" || !isLong(settledAt)) continue;
    invariants.besidePaid(
      ref,
      ledger.payableLinks(ref).filter((txRef) => ledger.isReadable(txRef)),
    );
  }
}

/** The same beside a duplicate on an earlier payment of the fee. */
function holdNoLinkBesideDuplicate(simulation: Simulation, began: number): void {
  const { behaviour, invariants, ledger, ports, scheduler } = simulation;
  const { expectedMode } = ports.initiate.policy;
  for (const line of linesOf(simulation.payments())) {
    const since = besideDuplicateSince(line, expectedMode);
    const isLong = since !== undefined && scheduler.now > Math.max(since, began) + PATIENCE_MS;
    if (!isLong || behaviour.cancelRefused > 0) continue;
    const links = line.flatMap(({ ref }) => ledger.payableLinks(ref));
    invariants.besideDuplicate(
      line[0]?.ref ?? "",
      links.filter((txRef) => ledger.isReadable(txRef)),
    );
  }
}

/** Chapa's verify shows one of several captures of a checkout; only that one is found by it. */
function holdWebhooksKnown(simulation: Simulation, answersSince: number): void {
  const { invariants, ledger, scheduler } = simulation;
  for (const taken of ledger.captures()) {
    const since = Math.max(ledger.announcedAt(taken) ?? Number.POSITIVE_INFINITY, answersSince);
    if (taken.isPlay || !ledger.isReadable(taken.txRef) || scheduler.now < since + KNOWN_WITHIN_MS) continue;
    const payment = simulation.payments().find(({ ref }) => ref === taken.ref);
    const isBesideKnown = payment?.captures.some(({ attempt }) => attempt === taken.attempt);
    const isCalled = payment?.attempts[taken.attempt]?.lastRead === "maybe_money" && isUnclearCalled(payment, taken);
    if (isBesideKnown || isCalled || invariants.isKnown(taken, payment, ledger.reported)) continue;
    invariants.unheard(taken);
  }
}

/** Chapa's word for the money was not known when it was asked, so a person is called, and it is asked again in days. */
function isUnclearCalled(payment: Payment, { attempt }: Landed): boolean {
  const subject = attemptSubject(attempt);
  return openEntries(payment).some((entry) => entry.code === "unknown_status" && entry.subject === subject);
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
  if (now >= simulation.notificationsRestUntil && simulation.notificationMessages.some(isReady)) {
    simulation.notifyUsers();
    isAnything = true;
  }
  return isAnything;
}

/** The time of the next scheduled event. An open attention is repeated daily. */
function nextMoment(simulation: Simulation, patience: number): number | undefined {
  const isLong = simulation.scheduler.now > patience;
  const { resolveMessages, listingMessages, notificationMessages, notificationsRestUntil } = simulation;
  const due = simulation
    .payments()
    .flatMap((payment) => (isLong && awaitsOnlyPerson(simulation, payment) ? [] : (payment.dueAt ?? [])));
  const waiting = [...resolveMessages, ...listingMessages.slice(0, 1)].map(({ notBefore }) => notBefore);
  const resting = notificationMessages.map(({ notBefore }) => Math.max(notBefore, notificationsRestUntil));
  const steps = simulation.refundSteps.length > 0 ? [simulation.scheduler.now + HOUR_MS] : [];
  const moments = [...due, ...waiting, ...resting, ...steps];
  return moments.length > 0 ? Math.min(...moments) : undefined;
}

function awaitsOnlyPerson({ ledger }: Simulation, payment: Payment): boolean {
  if ((openFlags(payment).length === 0 && payment.state !== "REVIEW") || awaitsAcknowledgement(payment, POLICY))
    return false;
  // A webhook about an earlier checkout that no key of ours reads keeps the payment from being settled as unpaid.
  const isHeld = ({ number, webhookAt }: { number: number; webhookAt?: number | undefined }) =>
    number !== payment.attempt && webhookAt !== undefined && !ledger.isReadable(txRefOf(payment, number));
  if (openedAttempts(payment).some(isHeld)) return true;
  return openedAttempts(payment).every(
    ({ verifyAt, closedAt, end, number }) =>
      verifyAt === undefined ||
      end === "paid" ||
      (payment.state === "REVIEW" && closedAt === undefined) ||
      !ledger.isReadable(txRefOf(payment, number)),
  );
}

async function askAgain(simulation: Simulation): Promise<void> {
  const { payment, error } = await ask(simulation, "again");
  const isFinal = payment !== undefined || error?.retryAfterSeconds !== undefined;
  const isRefusal = FINAL.some((refusal) => error instanceof refusal);
  simulation.invariants.askedAgain(feeOf(simulation), isFinal || isRefusal, error?.name ?? "nothing");
}

/** An owner asks. If they must wait, they ask again when they are told to, or once the lapse is over. */
async function ask(simulation: Simulation, client: string): Promise<Pressed> {
  const { scheduler } = simulation;
  const isPatient = scheduler.choices.below(2) === 1;
  let until = scheduler.now + PAYABLE_WITHIN_MS;
  let waitsForOther = false;
  for (let press = 0; ; press++) {
    const pressed = simulation.press(client, `${client}-${press}`);
    await drain(simulation);
    const isHeld = pressed.payment && isHeldByPlayMoney(simulation, pressed.payment);
    const wait = isHeld ? 0 : pressed.error?.retryAfterSeconds;
    if ((pressed.payment && !isHeld) || wait === undefined) return pressed;
    // Money on an earlier payment, or test money, was in the way. Once it is not, the wait for the checkout itself begins.
    if (waitsForOther && pressed.error instanceof CheckoutClosing) until = scheduler.now + PAYABLE_WITHIN_MS;
    waitsForOther = isHeld === true || pressed.error instanceof PaymentUnclear;
    if (scheduler.now >= until) return refused(simulation, pressed);
    const asked = scheduler.now + Math.max(MINUTE_MS, wait * SECOND_MS);
    scheduler.now = isPatient ? until : Math.min(until, asked);
    simulation.sweep();
    await drain(simulation);
  }
}

/** A payer of real money is answered with test money. What Chapa reports as live is for a person to decide. */
function isHeldByPlayMoney({ ledger, ports }: Simulation, { ref, state }: Payment): boolean {
  if (ports.initiate.policy.expectedMode !== "live") return false;
  const taken = ledger.capturesOf(ref);
  return (
    (state === "SUCCESS" || state === "REVIEW") &&
    taken.length > 0 &&
    taken.every(({ isPlay, mode }) => isPlay && mode !== "live")
  );
}

/** @throws Violation unless it is right that the owner cannot pay */
function refused(simulation: Simulation, pressed: Pressed): Pressed {
  const { ledger, invariants } = simulation;
  const latest = ofFee(simulation).at(-1);
  const isPaid = latest !== undefined && ledger.capturesOf(latest.ref).length > 0;
  const isUnreadable = latest !== undefined && !ledger.isReadable(txRefOf(latest, latest.attempt));
  const { expectedMode } = simulation.ports.initiate.policy;
  const lines = linesOf(simulation.payments());
  const isBeside = lines.some((line) => besideDuplicateSince(line, expectedMode) !== undefined);
  if (pressed.error instanceof PaymentUnclear && isPaid) ledger.excuse("maybe paid");
  else if (pressed.error instanceof PaymentUnclear && isBeside) ledger.excuse("money on an earlier payment of the fee");
  else if (pressed.error instanceof GatewayMisconfigured && isUnreadable) ledger.excuse("no key reads its checkout");
  else
    invariants.refusedTwice(
      feeOf(simulation),
      `told ${pressed.error?.name ?? pressed.payment?.state} again after the lapse`,
    );
  return pressed;
}

function feeOf(simulation: Simulation): string {
  return ofFee(simulation)[0]?.ref ?? "";
}

/** Its payments, without one that was found without a row. */
function ofFee(simulation: Simulation): Payment[] {
  return simulation.payments().filter(({ propertyId }) => propertyId !== undefined);
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
    // Without a row only a signed webhook names it.
    if (!payment) return ledger.announcedAt(taken) === undefined;
    if (payment.captures.some(({ attempt }) => attempt === taken.attempt)) return true;
    const { closedAt, lapsedAt = closedAt, verifyAt, lastRead } = payment.attempts[taken.attempt] ?? {};
    // A signed webhook is verified at any time.
    if (verifyAt !== undefined || ledger.announcedAt(taken) !== undefined) return false;
    const isClosed = closedAt !== undefined && lastRead !== "maybe_money";
    const last = isClosed
      ? closedAt + VERIFIED_AFTER_CLOSING_MS
      : (lapsedAt ?? Number.POSITIVE_INFINITY) + VERIFIED_AFTER_LAPSE_MS;
    return taken.at > last - SKEW_MS;
  });
}

/**
 * The reconciliation goes back some days, and reads the list of one account. It does not find older captures, nor those
 * of another, nor one whose opener slept for longer than a function lives between Chapa's answer and its write. What no
 * key of ours reads calls a person.
 */
function forgetUnfindable(simulation: Simulation): void {
  const { ledger, scheduler } = simulation;
  const payments = simulation.payments();
  for (const money of beyondVerification(simulation)) {
    const { openedAt = money.createdAt } = payments.find(({ ref }) => ref === money.ref)?.attempts[money.attempt] ?? {};
    const isAlike = Math.abs(openedAt - money.createdAt) <= SAME_TIME_MS;
    if (!ledger.isListed(money.txRef)) ledger.forget(money, "Chapa's list shows another account");
    else if (!isAlike) ledger.forget(money, "its checkout was opened long before its row says so");
    else if (money.createdAt < scheduler.now - (LISTED_DAYS - 1) * DAY_MS)
      ledger.forget(money, "its checkout is older than the list that is compared");
    else if (money.at < scheduler.now - (RECONCILED_DAYS - 1) * DAY_MS)
      ledger.forget(money, "it came more than nine days before the comparison of books");
  }
  for (const payment of payments) {
    const unread = ledger.capturesOf(payment.ref).filter(({ txRef }) => !ledger.isReadable(txRef));
    if (openFlags(payment).includes("not_found"))
      for (const money of unread) ledger.forget(money, "no key reads it, and a person is called");
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
