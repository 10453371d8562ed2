import { answer, flag } from "../../lib/domain/apply.ts";
import { applyCapture } from "../../lib/domain/apply-money.ts";
import { entryIdOf, openEntries } from "../../lib/domain/attention.ts";
import { acceptReview, rejectReview } from "../../lib/domain/decisions.ts";
import type { VerifiedMoney } from "../../lib/domain/evidence.ts";
import { txRefOf } from "../../lib/domain/ids.ts";
import { Santim } from "../../lib/domain/money.ts";
import { backOf, type Capture, isRefundOpen, leftOf, type Payment, refundedOf } from "../../lib/domain/payment.ts";
import { withJudgedReports, withRefundReport } from "../../lib/domain/refund-reports.ts";
import {
  isOtherUnanswered,
  refundIn,
  refuseRefund,
  requestRefund,
  sendRefund,
  settleRefund,
  unclearFlag,
  undoRefund,
} from "../../lib/domain/refunds.ts";
import { DAY_MS, HOUR_MS } from "../../lib/domain/time.ts";
import { isAllowed, transitionForMoney } from "../../lib/domain/transitions.ts";
import type { TransitionName } from "../../lib/domain/vocabulary.ts";
import { requireSeen } from "../../lib/flows/steps/seen-version.ts";
import { aContext, anOpened, aRef, aSettled, T0, TERMS } from "../support/payments.ts";
import type { Invariant, Model, Step } from "./checker.ts";

/**
 * One refund at Chapa. `posts`: how often it was sent. `sender`: whoever sends it, between the write and the call
 * (`post`), or with Chapa's refusal in hand.
 */
type Sent = {
  truth: "" | "pending" | "paid" | "refused" | "back";
  posts: number;
  sender: "" | "post" | "refused" | "above";
};
type Word = VerifiedMoney["result"]["kind"];
/** What the bank and Chapa's dashboard did without us. */
type Outside = { isReversed: boolean; changes: number; refunded: number };
/** A verification that has its answer and has not written it. */
type Verifier = { word: "" | Word; isFresh: boolean };
/** A person between what they saw and what they do. `saw`: the version. `isConfirmed`: Chapa has confirmed the money to them. */
type Person = { saw: number; isConfirmed: boolean };
/** `isKept`: a person knows of the money as it is. */
type Ghost = { isKept: boolean };

/** The row is a real payment. Its times, its history and the number of its version are always the same. */
export type Books = {
  payment: Payment;
  sent: readonly Sent[];
  outside: Outside;
  verifiers: readonly Verifier[];
  people: readonly Person[];
  ghost: Ghost;
};

/** Rules of the flows that can be removed, one at a time. Those of lib/domain are removed from its text. */
export type RefundRules = {
  writeDecidesWhoSends: boolean;
  sentIsWrittenFirst: boolean;
  silenceSaysNothing: boolean;
  aboveIsUnclearBesideAnother: boolean;
  answersAreFenced: boolean;
  decisionsNameVersion: boolean;
  reviewOnlyDecides: boolean;
};

export const REFUND_RULES: RefundRules = {
  writeDecidesWhoSends: true,
  sentIsWrittenFirst: true,
  silenceSaysNothing: true,
  aboveIsUnclearBesideAnother: true,
  answersAreFenced: true,
  decisionsNameVersion: true,
  reviewOnlyDecides: true,
};

/**
 * `start`: money under review, a paid fee, or a duplicate of a fee that went on. `isExact`: Chapa sends no more back than
 * it has; otherwise only we prevent it, and no person calls a refund refused that Chapa may still pay. `people`: how many
 * may have seen the payment before they act; with none, a person sees and acts in one step, and so does a verification
 * where there are no `verifiers`. `outside`: refunds are made at
 * Chapa's dashboard, too. `outcomes`: people say what became of a refund.
 * `undone`: what was paid out may come back.
 */
export type RefundBounds = {
  start: "review" | "paid" | "left";
  refunds: number;
  reversals: number;
  verifiers: number;
  people: number;
  isExact: boolean;
  outside: boolean;
  outcomes: boolean;
  undone: boolean;
};

export const REFUND_MOVES = [
  "acceptReview",
  "rejectReview",
  "flag",
  "answer",
  "wentBack",
  "capturedAgain",
  "refundRequested",
  "refundSent",
  "refundSettled",
  "refundRefused",
  "refundUndone",
] as const satisfies readonly TransitionName[];
type Move = (typeof REFUND_MOVES)[number];

type RefundSetting = { bounds: RefundBounds; rules: RefundRules };

const NOW = T0 + 2 * HOUR_MS;
const service = aContext(NOW, "service");
const person = aContext(NOW, "person");
const DAY_LATER = aContext(NOW + DAY_MS, "sweep");
// After the last question about a settled refund.
const LONG_AFTER = NOW + 30 * DAY_MS;

const CURRENT = 1;
const OUTDATED = 0;
const REASON = "a reason";
const IDLE: Verifier = { word: "", isFresh: false };
const UNSENT: Sent = { truth: "", posts: 0, sender: "" };
const IDS = ["a", "b", "c"];

function same(payment: Payment): Payment {
  const attempts = Object.fromEntries(
    Object.entries(payment.attempts).map(([number, attempt]) => [number, { ...attempt, verifyAt: undefined }]),
  );
  const attention = payment.attention.toSorted((a, b) => entryIdOf(a).localeCompare(entryIdOf(b)));
  return {
    ...payment,
    attempts,
    attention,
    version: CURRENT,
    revision: 0,
    updatedAt: NOW,
    dueAt: undefined,
    history: [],
  };
}

function startOf({ start }: RefundBounds): Payment {
  const opened = anOpened();
  if (start === "left") {
    const left: Payment = { ...aSettled("expire", opened), next: aRef(), spentAt: undefined };
    return same(applyCapture(left, "duplicate", moneyOf(left, TERMS.amount, "paid"), service));
  }
  if (start === "paid") return same(applyCapture(opened, "confirm", moneyOf(opened, TERMS.amount, "paid"), service));
  return same(applyCapture(opened, "review", moneyOf(opened, Santim.parse(2), "paid"), service));
}

function moneyOf(payment: Payment, amount: Santim, kind: Word): VerifiedMoney {
  return { attempt: 0, result: { kind, facts: { ...TERMS, amount, txRef: txRefOf(payment, 0), reference: "AP0" } } };
}

function captureIn({ captures }: Payment): Capture & { amount: Santim; reference: string } {
  const [capture] = captures;
  if (capture?.amount === undefined || capture.reference === undefined) throw new Error("money came at the beginning");
  return { ...capture, amount: capture.amount, reference: capture.reference };
}

const leftIn = (payment: Payment) => leftOf(payment, captureIn(payment));

function amountOf({ payment, sent }: Books, is: (one: Sent) => boolean): number {
  return sent.reduce((sum, one, at) => sum + (is(one) ? (refundIn(payment, IDS[at] ?? "")?.amount ?? 0) : 0), 0);
}

const paidOut = (books: Books) => amountOf(books, ({ truth }) => truth === "paid") + books.outside.refunded;
const underWay = (books: Books) => amountOf(books, ({ truth }) => truth === "pending");
const held = (books: Books) => (books.outside.isReversed ? 0 : captureIn(books.payment).amount - paidOut(books));

/** The words that Chapa may use now. After a part was paid out it may say either. */
function wordsNow(books: Books): readonly Word[] {
  if (books.outside.isReversed) return ["reversed"];
  if (held(books) <= 0) return ["refunded"];
  return paidOut(books) === 0 ? ["paid"] : ["paid", "refunded"];
}

function moveOnWord({ payment }: Books, word: Word) {
  const money = moneyOf(payment, captureIn(payment).amount, word);
  const name = transitionForMoney(payment, money, service);
  return name && { name, after: () => applyCapture(payment, name, money, service) };
}

/** The next state under construction. Each transition makes a new version: what anybody saw or heard is outdated. */
class Next {
  #books: Books;
  #name: Move | undefined;

  constructor(books: Books) {
    this.#books = books;
  }

  write(name: Move, payment: Payment): this {
    const { people, verifiers, ghost } = this.#books;
    // Money is here of which nobody may know yet.
    const isUnseen = name === "refundRefused" || name === "refundUndone" || name === "capturedAgain";
    this.#name = name;
    this.#books = {
      ...this.#books,
      payment: same(payment),
      people: people.map((one) => ({ ...one, saw: OUTDATED })),
      verifiers: verifiers.map((one) => (one.word === "" ? one : { ...one, isFresh: false })),
      ghost: isUnseen ? { isKept: false } : ghost,
    };
    return this;
  }

  /** Notes without a transition keep the version. */
  note(payment: Payment | undefined): this {
    if (payment) this.#books = { ...this.#books, payment: same(payment) };
    return this;
  }

  sent(at: number, change: Partial<Sent>): this {
    return this.set({ sent: this.#books.sent.map((one, index) => (index === at ? { ...one, ...change } : one)) });
  }

  verifier(at: number, one: Verifier): this {
    return this.set({ verifiers: this.#books.verifiers.map((other, index) => (index === at ? one : other)) });
  }

  set(change: Partial<Omit<Books, "payment">>): this {
    this.#books = { ...this.#books, ...change };
    return this;
  }

  build(label: string): Step<Books> {
    const { people, verifiers } = this.#books;
    return {
      label,
      name: this.#name,
      to: {
        ...this.#books,
        people: people.toSorted((a, b) => a.saw - b.saw || Number(a.isConfirmed) - Number(b.isConfirmed)),
        verifiers: verifiers.toSorted((a, b) => a.word.localeCompare(b.word) || Number(a.isFresh) - Number(b.isFresh)),
      },
    };
  }
}

/** Of two senders only the one whose write stands calls Chapa. Between the write and the call it may die. */
function sends({ rules, bounds }: RefundSetting, books: Books, at: number): Step<Books>[] {
  const { payment } = books;
  const id = IDS[at] ?? "";
  const { truth, posts, sender } = books.sent[at] ?? UNSENT;
  const refund = refundIn(payment, id);
  if (!refund) return [];
  const next = () => new Next(books);
  const mayBegin = isAllowed("refundSent", payment, { ...service, id });
  const steps: Step<Books>[] = [];
  if (sender === "" && mayBegin) {
    const begun = next().sent(at, { sender: "post" });
    if (rules.sentIsWrittenFirst) begun.write("refundSent", sendRefund(payment, id, "sender", service));
    steps.push(begun.build(`sender: begins to send ${id}`));
  }
  if (refund.state === "SENT" && sender === "" && posts < 2 && !rules.writeDecidesWhoSends) {
    steps.push(next().sent(at, { sender: "post" }).build(`another sender: sends ${id}, too`));
  }
  if (sender === "post") {
    // What Chapa refuses in silence is like what never reached it.
    steps.push(next().sent(at, { sender: "" }).build("sender: dies before it calls, or nothing comes of its call"));
    const posted = (change: Partial<Sent>) => {
      const made = next();
      if (mayBegin) made.write("refundSent", sendRefund(payment, id, "sender", service));
      return made.sent(at, { sender: "", posts: posts + 1, ...change });
    };
    const isAbove = books.outside.isReversed || (bounds.isExact && refund.amount > held(books) - underWay(books));
    if (isAbove) steps.push(posted({ sender: "above" }).build(`chapa: ${id} cannot exceed what is there`));
    else {
      steps.push(posted({ truth: "pending" }).build(`chapa: takes ${id}, and its answer may be lost`));
      if (!rules.silenceSaysNothing) {
        const lost = posted({ truth: "pending", sender: "refused" });
        steps.push(lost.build(`chapa: takes ${id}, and an answer without a reason counts as refused`));
      }
      if (truth === "") steps.push(posted({ sender: "refused" }).build(`chapa: refuses ${id}`));
    }
    if (!rules.sentIsWrittenFirst) {
      const died = next().sent(at, { sender: "", posts: posts + 1, truth: "pending" });
      steps.push(died.build(`chapa: takes ${id}, and the sender dies before it writes`));
    }
  }
  if (sender === "refused" || sender === "above") {
    const isUnclear = sender === "above" && rules.aboveIsUnclearBesideAnother && isOtherUnanswered(payment, refund);
    const ended = next().sent(at, { sender: "" });
    if (!isUnclear && isAllowed("refundRefused", payment, { ...service, id })) {
      ended.write("refundRefused", refuseRefund(payment, id, REASON, service));
    }
    steps.push(ended.build(`sender: hears that ${id} is ${sender}`));
    steps.push(next().sent(at, { sender: "" }).build("sender: dies before it writes what it heard"));
  }
  return steps;
}

/** Chapa is asked about a refund, or a day passes and nobody has learned what became of it. */
function asks(books: Books, at: number): Step<Books>[] {
  const { payment } = books;
  const id = IDS[at] ?? "";
  const refund = refundIn(payment, id);
  if (!refund) return [];
  const { truth, sender } = books.sent[at] ?? UNSENT;
  const isNothing = truth === "refused" || truth === "back";
  const next = () => new Next(books);
  const isAsked = refund.checkAt !== undefined && refund.before === undefined;
  const steps: Step<Books>[] = [];
  if (refund.state === "SENT" && truth === "paid") {
    steps.push(
      next()
        .write("refundSettled", settleRefund(payment, id, service))
        .build(`chapa: ${id} is settled`),
    );
  }
  if (refund.state === "SENT" && isNothing) {
    const refused = refuseRefund(payment, id, REASON, service);
    steps.push(next().write("refundRefused", refused).build(`chapa: ${id} came to nothing`));
  }
  if (isAllowed("refundUndone", payment, { ...service, id }) && isNothing && isAsked) {
    steps.push(
      next()
        .write("refundUndone", undoRefund(payment, id, service))
        .build(`chapa: ${id} was undone`),
    );
  }
  const unclear = unclearFlag(payment, refund, LONG_AFTER);
  // Of a settled one Chapa's answer is enough.
  const isSilent = refund.state !== "SETTLED" || truth === "";
  if (unclear && sender !== "post" && isSilent) {
    steps.push(
      next()
        .write("flag", flag(payment, unclear, service))
        .build(`sweep: the end of ${id} is not known`),
    );
  }
  return steps;
}

/** What Chapa and the payer's bank make of a refund. */
function pays({ bounds }: RefundSetting, books: Books, at: number): Step<Books>[] {
  const { truth } = books.sent[at] ?? UNSENT;
  const made = (to: Sent["truth"], label: string) => new Next(books).sent(at, { truth: to }).build(label);
  if (truth === "paid") return !bounds.undone ? [] : [made("back", "payer's bank: sends a refund back")];
  if (truth !== "pending") return [];
  const refused = made("refused", "chapa: does not pay a refund out");
  return books.outside.isReversed ? [refused] : [refused, made("paid", "chapa: pays a refund out")];
}

/** The bank takes the money and may return it; somebody sends what is there back at Chapa's dashboard. */
function outside({ bounds }: RefundSetting, books: Books): Step<Books>[] {
  const { payment, outside } = books;
  const changed = { ...outside, isReversed: !outside.isReversed, changes: outside.changes + 1 };
  const steps: Step<Books>[] = [];
  if (outside.isReversed) steps.push(new Next(books).set({ outside: changed }).build("bank: returns the money"));
  else if (held(books) > 0 && outside.changes < 2 * bounds.reversals) {
    steps.push(new Next(books).set({ outside: changed }).build("bank: takes the money"));
  }
  const { reference, amount } = captureIn(payment);
  // Beside a part of ours, Chapa's word says nothing, and a webhook about an equal part may be about ours: a limit of v1.
  // So is money that somebody sends back there after a refund of ours was undone.
  const isInPart = payment.refunds?.some((refund) => refund.amount < amount || refund.state === "UNDONE") === true;
  if (bounds.outside && held(books) - underWay(books) === amount && !isInPart) {
    const reported = withRefundReport(payment, { attempt: 0, reference, amount, at: NOW }, service);
    const made = () => new Next(books).set({ outside: { ...outside, refunded: amount }, ghost: { isKept: false } });
    steps.push(made().note(reported).build("dashboard: sends all of it back, and a webhook says so"));
    steps.push(made().build("dashboard: sends all of it back"));
  }
  const judged = withJudgedReports(payment, DAY_LATER);
  if (judged) {
    const isFlagged = judged.version > payment.version;
    const next = isFlagged ? new Next(books).write("flag", judged) : new Next(books).note(judged);
    steps.push(next.build("sweep: judges what the webhook said"));
  }
  return steps;
}

function verifies({ bounds, rules }: RefundSetting, books: Books): Step<Books>[] {
  if (bounds.verifiers > 0) return books.verifiers.flatMap((_, at) => verifiesInSteps(rules, books, at));
  return wordsNow(books).flatMap((word) => {
    const found = moveOnWord(books, word);
    return found ? [new Next(books).write(moveOf(found.name), found.after()).build(`verify: writes "${word}"`)] : [];
  });
}

function verifiesInSteps(rules: RefundRules, books: Books, at: number): Step<Books>[] {
  const one = books.verifiers[at] ?? IDLE;
  if (one.word === "") {
    return wordsNow(books).map((word) =>
      new Next(books).verifier(at, { word, isFresh: true }).build(`verify: hears "${word}"`),
    );
  }
  const next = () => new Next(books).verifier(at, IDLE);
  const found = one.isFresh || !rules.answersAreFenced ? moveOnWord(books, one.word) : undefined;
  if (!found) return [next().build("verify: writes nothing")];
  const name = moveOf(found.name);
  return [
    next()
      .write(name, found.after())
      .build(`verify: writes ${one.isFresh ? "" : "an outdated "}"${one.word}"`),
    next().build("verify: dies before it writes"),
  ];
}

function moveOf(name: TransitionName): Move {
  const move = REFUND_MOVES.find((known) => known === name);
  if (!move) throw new Error(`the model does not expect ${name}`);
  return move;
}

type Act = { label: string; move: (next: Next) => Next };

/** What a person may do about the payment as it is. */
function acts({ bounds, rules }: RefundSetting, books: Books, isConfirmed: boolean): Act[] {
  const { payment, sent } = books;
  const acts: Act[] = [];
  const act = (label: string, name: Move, make: () => Payment, isKept = false) =>
    acts.push({
      label,
      move: (next) => {
        next.write(name, make());
        return isKept ? next.set({ ghost: { isKept } }) : next;
      },
    });
  const { reference: capture, amount: whole } = captureIn(payment);
  const id = IDS.slice(0, bounds.refunds).find((free) => !refundIn(payment, free));
  if (id !== undefined && (payment.state !== "REVIEW" || !rules.reviewOnlyDecides)) {
    for (const amount of [Santim.parse(whole / 2), whole]) {
      const request = { id, capture, amount, reason: REASON };
      if (!isAllowed("refundRequested", payment, { ...person, ...request })) continue;
      act(`requests a refund of ${amount}`, "refundRequested", () => requestRefund(payment, request, person));
    }
  }
  const accepted = { reason: REASON, confirmed: [0] };
  if (isConfirmed && isAllowed("acceptReview", payment, { ...person, ...accepted })) {
    act("accepts the money", "acceptReview", () => acceptReview(payment, accepted, person));
  }
  const kept = { reason: REASON, closings: [], kept: [{ capture, reason: REASON }], refunds: [] };
  if (isAllowed("rejectReview", payment, { ...person, ...kept })) {
    act("rejects the money, and keeps it", "rejectReview", () => rejectReview(payment, kept, person), true);
  }
  const left = leftIn(payment);
  const returned = { ...kept, kept: [], refunds: [{ id: id ?? "", capture, amount: left, reason: REASON }] };
  if (id !== undefined && left > 0 && isAllowed("rejectReview", payment, { ...person, ...returned })) {
    act("rejects the money, and sends it back", "rejectReview", () => rejectReview(payment, returned, person));
  }
  for (const entry of openEntries(payment).map(entryIdOf)) {
    act(`answers ${entry}`, "answer", () => answer(payment, { entry, reason: REASON }, person), true);
  }
  for (const [at, { truth, sender }] of sent.entries()) {
    const known = IDS[at] ?? "";
    if (!bounds.outcomes || sender === "post") continue;
    if (!isAllowed("refundSettled", payment, { ...person, id: known })) continue;
    // Also wrongly: of one that Chapa does not pay.
    act(`says that ${known} is settled`, "refundSettled", () => settleRefund(payment, known, person));
    if (truth === "paid" || (truth === "pending" && !bounds.isExact)) continue;
    act(`says that ${known} is refused`, "refundRefused", () => refuseRefund(payment, known, REASON, person));
  }
  return acts;
}

/** What a person saw may be outdated when they act; accepting asks Chapa first, and writes later. */
function persons(setting: RefundSetting, books: Books): Step<Books>[] {
  const { payment, people } = books;
  const { bounds, rules } = setting;
  const isPaid = wordsNow(books).includes("paid");
  if (bounds.people === 0) {
    const all = acts(setting, books, isPaid);
    return all.map(({ label, move }) => move(new Next(books)).build(`person: ${label}`));
  }
  const steps: Step<Books>[] = [];
  if (people.length < bounds.people) {
    const seeing = new Next(books).set({ people: [...people, { saw: CURRENT, isConfirmed: false }] });
    steps.push(seeing.build("person: sees the payment"));
  }
  for (const [at, one] of people.entries()) {
    const others = people.filter((_, index) => index !== at);
    const next = () => new Next(books).set({ people: others });
    if (rules.decisionsNameVersion && isOutdated(payment, one)) {
      steps.push(next().build("person: hears what changed"));
      continue;
    }
    if (!one.isConfirmed && isPaid && payment.state === "REVIEW") {
      const confirmed = next().set({ people: [...others, { ...one, isConfirmed: true }] });
      steps.push(confirmed.build("person: hears that the money is there"));
    }
    const which = one.saw === CURRENT ? "person" : "person with an outdated view";
    for (const { label, move } of acts(setting, books, one.isConfirmed)) {
      steps.push(move(next()).build(`${which}: ${label}`));
    }
  }
  return steps;
}

function isOutdated(payment: Payment, { saw }: Person): boolean {
  try {
    requireSeen(payment, saw);
    return false;
  } catch {
    return true;
  }
}

function nextOf(setting: RefundSetting, books: Books): Step<Books>[] {
  return [
    ...persons(setting, books),
    ...outside(setting, books),
    ...verifies(setting, books),
    ...books.sent.flatMap((_, at) => [...sends(setting, books, at), ...asks(books, at), ...pays(setting, books, at)]),
  ];
}

/** Whether nothing goes on by itself any more: nothing is open or under way, and nothing that Chapa says changes anything. */
function isAtRest(books: Books): boolean {
  const { payment, sent } = books;
  if ((payment.refunds ?? []).some(isRefundOpen)) return false;
  if (sent.some(({ truth, sender }) => truth === "pending" || sender !== "")) return false;
  if (wordsNow(books).some((word) => moveOnWord(books, word))) return false;
  return !payment.reports?.length && sent.every((_, at) => asks(books, at).length === 0);
}

const isCalled = ({ payment, ghost }: Books) => ghost.isKept || openEntries(payment).length > 0;

export const REFUND_INVARIANTS = [
  "never more is sent back than came in",
  "no refund is sent twice",
  "what went back at Chapa is what our books say, or a person knows",
  "no decision is lost or made for a newer version",
  "an older answer of Chapa never replaces a newer one",
  "money never rests unseen",
  "a refund without an end calls a person",
  "a refund that came to nothing calls a person",
  "no attention about money that is here leaves nothing to do",
  "a review ends only by a person's decision",
  "what is left is never more than Chapa holds",
] as const;
export type RefundInvariant = (typeof REFUND_INVARIANTS)[number];

const INVARIANTS: readonly (Invariant<Books> & { name: RefundInvariant })[] = [
  {
    name: "never more is sent back than came in",
    state: (books) => (held(books) < 0 ? `${paidOut(books)} went back` : undefined),
  },
  {
    name: "no refund is sent twice",
    of: ["sent"],
    state: ({ sent }) => (sent.some(({ posts }) => posts > 1) ? "Chapa got it twice" : undefined),
  },
  {
    name: "what went back at Chapa is what our books say, or a person knows",
    state: (books) => {
      if (!isAtRest(books) || isCalled(books)) return undefined;
      const { payment, outside } = books;
      const capture = captureIn(payment);
      if (outside.isReversed !== backOf(capture).reversed > 0) return "the bank took it, or returned it";
      // What a person has called settled may explain what went back elsewhere.
      if (outside.refunded > 0 && calledWrongly(books) === 0) return "somebody else sent it back, and nobody is called";
      const ours = refundedOf(payment, capture);
      const isSo = [ours, ours + calledWrongly(books)].includes(paidOut(books));
      return isSo ? undefined : `Chapa: ${paidOut(books)}, we: ${ours}`;
    },
  },
  {
    name: "no decision is lost or made for a newer version",
    step: (_from, { label }) => (label.startsWith("person with an outdated view") ? label : undefined),
  },
  {
    name: "an older answer of Chapa never replaces a newer one",
    step: (_from, { label }) => (label.startsWith("verify: writes an outdated") ? label : undefined),
  },
  {
    name: "money never rests unseen",
    state: (books) => {
      if (!isAtRest(books) || held(books) <= 0 || isCalled(books)) return undefined;
      const { state, next } = books.payment;
      const isFee = state === "SUCCESS" && next === undefined;
      return isFee ? undefined : `${held(books)} is here, and nobody is called`;
    },
  },
  {
    name: "a refund without an end calls a person",
    state: ({ payment, sent }) => {
      const isCalledFor = (id: string) =>
        payment.attention.some(({ code, subject }) => code === "refund_unclear" && subject === id);
      const found = (payment.refunds ?? []).find(
        (refund) =>
          refund.state === "SENT" &&
          sent[IDS.indexOf(refund.id)]?.sender === "" &&
          !isCalledFor(refund.id) &&
          !unclearFlag(payment, refund, LONG_AFTER),
      );
      return found && `nobody will ever hear of ${found.id}`;
    },
  },
  {
    name: "a refund that came to nothing calls a person",
    state: ({ payment }) => {
      const isRaised = (id: string) =>
        payment.attention.some(({ code, subject }) => code === "duplicate" || subject === id);
      const isReversed = backOf(captureIn(payment)).reversed > 0;
      const found = (payment.refunds ?? []).find(
        ({ id, state, before }) =>
          ((state === "REFUSED" || state === "UNDONE") && !isRaised(id)) || (before !== undefined && !isReversed),
      );
      return found && `${found.id} is ${found.state}, and nobody is called`;
    },
  },
  {
    name: "no attention about money that is here leaves nothing to do",
    state: (books) => {
      const { payment } = books;
      if (!isAtRest(books) || held(books) <= 0 || openEntries(payment).length === 0) return undefined;
      const request = { id: "another", capture: captureIn(payment).reference, amount: leftIn(payment), reason: REASON };
      const isSome = payment.state === "REVIEW" || isAllowed("refundRequested", payment, { ...person, ...request });
      // A person has called it settled wrongly, or Chapa shows a part to nobody: they know, and Chapa's dashboard is left.
      return isSome || leftIn(payment) === 0 ? undefined : `nobody can send ${held(books)} back`;
    },
  },
  {
    name: "a review ends only by a person's decision",
    of: ["payment"],
    state: ({ payment: { state, attention } }) => {
      const found = attention.find(({ code, answered }) => code === "mismatch" && answered && answered.by !== "person");
      return state === "REVIEW" && found ? "it waits for nobody's decision" : undefined;
    },
  },
  {
    name: "what is left is never more than Chapa holds",
    state: (books) => {
      // What was sent back elsewhere beside a part of ours only a person knows.
      if (!isAtRest(books) || (books.outside.refunded > 0 && isCalled(books))) return undefined;
      const left = leftIn(books.payment);
      return left > held(books) + Math.max(calledWrongly(books), 0)
        ? `${left} is left, and Chapa has ${held(books)}`
        : undefined;
    },
  },
];

/**
 * What a person has called refused and Chapa has paid, less what they have called settled and Chapa never took. They know:
 * each such word raises an entry.
 */
function calledWrongly(books: Books): number {
  const { payment, sent } = books;
  const isRaised = (subject: string) => payment.attention.some((entry) => entry.subject === subject);
  return (payment.refunds ?? []).reduce((sum, { id, state, amount }) => {
    const truth = sent[IDS.indexOf(id)]?.truth;
    if (state === "REFUSED" && truth === "paid" && isRaised(id)) return sum + amount;
    return state === "SETTLED" && truth === "" && isRaised(`${id}.settled`) ? sum - amount : sum;
  }, 0);
}

/**
 * One capture, its refunds with what Chapa has made of each apart from what our row says, the bank that takes the money
 * and returns it, Chapa's dashboard, and the people who request, decide, say what became of a refund, and answer. There are
 * no clocks: a day passes at any time. A refund that comes back does so before it is asked about for the last time.
 */
export function refundModel(bounds: RefundBounds, rules: RefundRules = REFUND_RULES): Model<Books> {
  const setting = { bounds, rules };
  const initial: Books = {
    payment: startOf(bounds),
    sent: Array.from({ length: bounds.refunds }, () => UNSENT),
    outside: { isReversed: false, changes: 0, refunded: 0 },
    verifiers: Array.from({ length: bounds.verifiers }, () => IDLE),
    people: [],
    ghost: { isKept: false },
  };
  return { initial: [initial], next: (books) => nextOf(setting, books), invariants: INVARIANTS };
}
