import { beforeAll, expect, test } from "vitest";
import {
  end,
  finalise,
  flag,
  open,
  reject,
  release,
  renew,
  reopen,
  settleUnpaid,
  takeOver,
} from "../../lib/domain/apply.ts";
import { applyCapture } from "../../lib/domain/apply-money.ts";
import { attemptSubject, DELIVERY } from "../../lib/domain/attention.ts";
import { decide } from "../../lib/domain/decide.ts";
import type { Money, Unpaid } from "../../lib/domain/evidence.ts";
import { txRefOf } from "../../lib/domain/ids.ts";
import { deliveryEnded, leased, noteHeld, noteVerification } from "../../lib/domain/notes.ts";
import type { Flag, Payment } from "../../lib/domain/payment.ts";
import { DAY_MS } from "../../lib/domain/time.ts";
import {
  isAllowed,
  type Row as TableRow,
  TRANSITIONS,
  transitionDue,
  transitionForMoney,
} from "../../lib/domain/transitions.ts";
import { STATES, type TransitionName } from "../../lib/domain/vocabulary.ts";
import { aClaim, aContext, aLease, CHECKOUT_URL, KEY, TERMS } from "../support/payments.ts";
import { check, type Step } from "./checker.ts";
import { LEFT_AT, NOW, paymentOf, rowOf, WRONG_AMOUNT } from "./concrete.ts";
import { MODELLED, protocol } from "./protocol.ts";
import { BASE, moved as modelled, type Rules, TABLE } from "./rules.ts";
import { type Bounds, GOOD_CHAPA, IDLE, type LeftBy, type Row, type S } from "./state.ts";

const BOUNDS: Bounds = {
  attempts: 3,
  initiators: 1,
  closers: 1,
  requests: 1,
  wrong: 1,
  chapa: GOOD_CHAPA,
  timed: false,
  persons: false,
  joined: true,
};
const TIMED: Bounds = { ...BOUNDS, attempts: 2, wrong: 0, timed: true };
const SEARCHED: readonly Bounds[] = [
  BOUNDS,
  { ...TIMED, chapa: { ...GOOD_CHAPA, cancels: "never" }, persons: true },
  { ...TIMED, closers: 0, requests: 0, chapa: { ...GOOD_CHAPA, words: true } },
];

const RULES: Rules = BASE;

/** What happened to a row, with the labels that the model gives it. */
type Change = { before: Row; name: string | undefined; label: string; after: Row };
/** What an initiator with nothing at hand may begin, whatever else is so. */
type Choice = { row: Row; isNew: boolean; begins: Set<string> };

const changes = new Map<string, Change>();
const choices = new Map<string, Choice>();

beforeAll(() => {
  for (const bounds of SEARCHED) {
    const model = { ...protocol(bounds, RULES), invariants: [] };
    const { complete } = check(model, 1_000_000, (from, step) => {
      const { name, label, to } = step;
      if (from.row !== to.row && label !== "ten minutes pass") {
        const change = { before: from.row, name, label, after: to.row };
        changes.set(JSON.stringify([from.row, name ?? label, to.row]), change);
      }
      if (from.initiators[0] === IDLE) choose(from, step);
    });
    expect(complete).toBe(true);
  }
});

function choose({ row, world }: S, { name, label }: Step<S>): void {
  const isNew = world.requests.includes("new");
  const key = JSON.stringify([row, isNew]);
  const choice = choices.get(key) ?? { row, isNew, begins: new Set() };
  choices.set(key, choice);
  if (name === "takeOver" || name === "reopen") choice.begins.add(name);
  const isRenewing = label.endsWith("to renew") || label.endsWith("has ended");
  if (label.startsWith("initiator") && isRenewing) choice.begins.add("renew");
}

const act = aContext(NOW, "model");
const unpaid: Unpaid = { kind: "unpaid", reason: "failed" };
// A request that was recorded after the settling.
const LATER_REQUEST = LEFT_AT + 1;

function money(payment: Payment, move: string, attempt: number): Money {
  const txRef = txRefOf(payment, attempt);
  const amount = move === "review" ? WRONG_AMOUNT : TERMS.amount;
  return { kind: "paid", facts: { ...TERMS, amount, txRef, reference: txRef } };
}

const fromOf = (name: TransitionName): TableRow["from"] => TRANSITIONS[name].from;

/** The attempt whose record changed; the latest where none did. */
function attemptOf({ before, after }: Change): number {
  const differs = (list: (row: Row) => readonly string[]) =>
    list(after).findIndex((value, at) => value !== list(before)[at]);
  const at = Math.max(
    differs(({ recs }) => recs),
    differs(({ readings }) => readings),
  );
  return at < 0 ? before.attempt : at;
}

/** The real function for each step; what decides for a move must decide for it. */
function made(change: Change): Payment {
  const payment = paymentOf(change.before);
  const at = attemptOf(change);
  switch (change.name) {
    case undefined:
      return noted(payment, at, change.label);
    case "confirm":
    case "review":
    case "duplicate":
      expect(transitionForMoney(payment, { attempt: at, result: money(payment, change.name, at) }, act)).toBe(
        change.name,
      );
      break;
    case "takeOver":
      return takenOver(payment, change);
    case "flag":
      return flag(payment, aboutOf(change), act);
    case "finalise":
      expect(transitionDue(payment, { attempt: at, found: "failed" }, act)).toBe("finalise");
      return finalise(noteVerification(payment, at, unpaid, act), at, act);
  }
  return moved(payment, change.name, at, leftBy(change, at));
}

function leftBy({ before, after }: Change, at: number): LeftBy {
  if (before.recs[at] === after.recs[at]) return before.recs[at] === "" ? "closed" : "ended";
  return after.recs[at] === "lapsed" ? "lapse" : "closed";
}

function takenOver(payment: Payment, { before, after }: Change): Payment {
  const isAgain = after.attempt === before.attempt;
  const start = { terms: TERMS, lease: aLease("another"), isUnknown: isAgain ? (true as const) : undefined };
  return takeOver(payment, start, act);
}

function aboutOf({ before, after }: Change): Flag {
  const raised = (entries: (row: Row) => Row["stuck"]) =>
    entries(after).findIndex((entry, at) => entry !== entries(before)[at]);
  const unclear = raised((row) => row.unclear);
  const stuck = raised((row) => row.stuck);
  if (unclear >= 0) return { code: "unknown_status", subject: attemptSubject(unclear) };
  return stuck >= 0 ? { code: "stuck", subject: attemptSubject(stuck) } : { code: "listing_closed", subject: DELIVERY };
}

function moved(payment: Payment, move: string, at: number, by: LeftBy = "closed"): Payment {
  const closing = { attempt: payment.attempt, found: "failed", cancel: by } as const;
  const mine = { ...payment, lease: aLease(), checkoutUrl: undefined };
  switch (move) {
    case "claim":
      return aClaim();
    case "takeOver":
      return takeOver(payment, { terms: TERMS, lease: aLease("another") }, act);
    case "open":
      return open(mine, "me", CHECKOUT_URL, act);
    case "reject":
      return reject(mine, "me", "refused", act);
    case "renew":
      return renew(payment, closing, { terms: TERMS, lease: aLease("another") }, act);
    case "reopen":
      return reopen(payment, LATER_REQUEST, { terms: TERMS, lease: aLease("another") }, act);
    case "fail":
    case "expire":
    case "cancel":
      return settleUnpaid(payment, move, closing, act);
    case "confirm":
    case "review":
    case "duplicate":
      return applyCapture(payment, move, { attempt: at, result: money(payment, move, at) }, act);
    case "finalise":
      return finalise(payment, at, act);
    case "end":
      return end(payment, { ...closing, attempt: at }, act);
    case "release":
      return release(payment, "we found no money", act);
    case "flag":
      return flag(payment, { code: "listing_closed", subject: DELIVERY }, act);
    default:
      throw new Error(`nothing in lib makes ${move}`);
  }
}

function noted(payment: Payment, at: number, label: string): Payment {
  if (label.startsWith("verify: finds for the last time"))
    return noteVerification(payment, at, unpaid, aContext(NOW + 8 * DAY_MS));
  if (label.startsWith("verify: finds")) return noteVerification(payment, at, unpaid, act);
  if (label.startsWith("verify: reads")) return noteHeld(payment, at, unpaid, act);
  if (label.startsWith("verify: maybe money"))
    return noteHeld(payment, at, { kind: "maybe_money", word: "completed" }, act);
  if (label.startsWith("listing: has heard")) return deliveryEnded(payment, true, act);
  if (label.startsWith("initiator: nothing was sent"))
    return leased(payment, { holder: "me", until: NOW, unsent: true });
  throw new Error(`nothing in lib stands for "${label}"`);
}

test("each step that the model takes with a row, the code takes with the payment that it stands for", () => {
  const wrong: string[] = [];
  const compared = new Map<string, number>();
  for (const change of changes.values()) {
    if (change.after.state === "none") continue;
    const after = rowOf(made(change), change.before.recs.length);
    if (JSON.stringify(after) !== JSON.stringify(change.after)) {
      const [a, b, c] = [change.before, change.after, after].map((row) => JSON.stringify(row));
      wrong.push(`${change.label}\n  from  ${a}\n  model ${b}\n  code  ${c}`);
    }
    const kind = change.name ?? change.label.replace(/ \d.*/, "");
    compared.set(kind, (compared.get(kind) ?? 0) + 1);
  }
  expect(wrong.slice(0, 5)).toEqual([]);
  const written = MODELLED;
  expect([...compared.keys()]).toEqual(expect.arrayContaining(written));
  expect(compared.size).toBe(written.length + 6);
});

test("the code refuses each transition that the table does not have out of a state that the model reaches", () => {
  const refused = new Set<string>();
  const written = MODELLED.filter((move) => move !== "claim");
  for (const { row } of choices.values()) {
    for (const move of row.state === "none" ? [] : written.filter((move) => !fromOf(move).includes(row.state))) {
      expect(() => moved(paymentOf(row), move, row.attempt), `${move} out of ${row.state}`).toThrow();
      refused.add(`${move} out of ${row.state}`);
    }
  }
  const illegal = written.flatMap((move) =>
    STATES.filter((state) => !fromOf(move).includes(state)).map((state) => [move, state]),
  );
  expect(refused.size).toBe(illegal.length);
});

const FLAGS: Record<How["about"], (at: number) => Flag> = {
  listing: () => ({ code: "listing_closed", subject: DELIVERY }),
  unclear: (at) => ({ code: "unknown_status", subject: attemptSubject(at) }),
  stuck: (at) => ({ code: "stuck", subject: attemptSubject(at) }),
};

type How = { isNew: boolean; agreed: boolean; by: LeftBy; about: "listing" | "unclear" | "stuck" };

/** Whether the guards of lib allow `name` for attempt `at`; every clock is past what it waits for. */
function isAllowedByCode(name: TransitionName, payment: Payment, at: number, how: How) {
  const asked = { ...act, holder: "another", key: KEY, recordedAt: LEFT_AT + (how.isNew ? 1 : -1) };
  const closing = { ...act, attempt: at, found: "failed", cancel: how.by } as const;
  const found = { ...act, attempt: at, result: money(payment, how.agreed ? "confirm" : "review", at) };
  switch (name) {
    case "claim":
    case "takeOver":
    case "reopen":
      return isAllowed(name, payment, asked);
    case "open":
    case "reject":
      return isAllowed(name, payment, { ...act, holder: "me" });
    case "renew":
    case "fail":
    case "expire":
    case "cancel":
      return isAllowed(name, payment, closing);
    case "end":
      return isAllowed(name, payment, closing);
    case "release":
      return isAllowed(name, payment, { ...act, reason: "we found no money" });
    case "flag":
      return isAllowed(name, payment, { ...act, ...FLAGS[how.about](at) });
    case "finalise":
      return isAllowed(name, payment, { ...act, attempt: at });
    default:
      return isAllowed(name, payment, found);
  }
}

/** What a guard may depend on besides the row. */
const HOW = [
  { agreed: true, by: "closed", about: "listing" },
  { agreed: false, by: "lapse", about: "unclear" },
  { agreed: true, by: "ended", about: "stuck" },
] as const;

test("each guard says of a row of the model what it says of the payment that the row stands for", () => {
  const differing = new Set<string>();
  let compared = 0;
  for (const { row, isNew } of choices.values()) {
    if (row.state === "none") continue;
    const payment = paymentOf(row);
    for (const name of MODELLED) {
      for (const attempt of row.recs.keys()) {
        // Whose lease it is, the model knows of the latest attempt only.
        if (TABLE[name].guards.includes("leaseIsMine") && attempt !== row.attempt) continue;
        for (const how of HOW.map((each) => ({ ...each, isNew }))) {
          const request = isNew ? "new" : "old";
          const { agreed, by, about } = how;
          const proof = TABLE[name].proof;
          const claim = { proof, fresh: true, attempt, request, agreed, by, about, late: true } as const;
          const isModelled = modelled(RULES, row, name, { claim, changes: {} }) !== undefined;
          compared++;
          if (isModelled === isAllowedByCode(name, payment, attempt, how)) continue;
          differing.add(`${name} of ${attempt}, ${JSON.stringify(how)}: model ${isModelled}, ${JSON.stringify(row)}`);
        }
      }
    }
  }
  expect([...differing].slice(0, 5)).toEqual([]);
  expect(compared).toBeGreaterThan(1_000);
});

test("an initiator of the model begins only what decide allows", () => {
  const begun = { recover: "takeOver", reopen: "reopen", renew: "renew" } as const;
  const seen = new Set<string>();
  for (const { row, isNew, begins } of choices.values()) {
    // The model has fewer attempts than the code: at its last one they must differ.
    if (row.state === "none" || row.attempt + 1 >= row.recs.length) continue;
    // A press that finds maybe money again begins nothing.
    if (row.unclear[row.attempt] === "open") continue;
    const request = { ref: aClaim().ref, fields: {}, recordedAt: LEFT_AT + (isNew ? 1 : -1), by: "another" };
    const decision = decide(
      { payment: paymentOf(row), earlier: [] },
      { ...request, asked: {}, payableAgain: false },
      { holder: "another", key: KEY },
      act,
    );
    const expected = Object.entries(begun).flatMap(([decided, move]) => (decided === decision.kind ? [move] : []));
    expect([...begins], `${JSON.stringify(row)}, new: ${isNew}, ${decision.kind}`).toEqual(expected);
    seen.add(decision.kind);
  }
  expect([...seen].sort()).toEqual(["answer", "recover", "refuse", "renew", "reopen"]);
});
