import { beforeAll, expect, test } from "vitest";
import { decide } from "../../lib/domain/decide.ts";
import { type Evidence, moveDue, moveFor } from "../../lib/domain/evidence.ts";
import { txRefOf } from "../../lib/domain/ids.ts";
import { Santim } from "../../lib/domain/money.ts";
import {
  account,
  attend,
  leased,
  listingAnswered,
  looked,
  open,
  reject,
  renew,
  reopen,
  seal,
  settleUnpaid,
  superseded,
  takeOver,
} from "../../lib/domain/moves.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import { DAY_MS } from "../../lib/domain/time.ts";
import { type Move, mayMove } from "../../lib/domain/transitions.ts";
import { STATES } from "../../lib/domain/vocabulary.ts";
import { aClaim, aLease, anAct, CHECKOUT_URL, POLICY, TERMS } from "../support/payments.ts";
import { check, type Step } from "./checker.ts";
import { LEFT_AT, NOW, paymentOf, rowOf } from "./concrete.ts";
import { MODELLED, protocol } from "./protocol.ts";
import { IDLE, type Row, type S } from "./state.ts";

// Nothing in lib makes these yet: an operator's decisions are in the table and in the model only.
const UNWRITTEN: readonly Move[] = ["acceptReview", "rejectReview"];
const BOUNDS = { attempts: 3, initiators: 1, closers: 1, requests: 1, wrong: 1, operator: false, joined: true };

/** What happened to a row, with the labels that the model gives it. */
type Change = { before: Row; name: string | undefined; label: string; after: Row };
/** What an initiator with nothing at hand may begin, whatever else is so. */
type Choice = { row: Row; isNew: boolean; begins: Set<string> };

const changes = new Map<string, Change>();
const choices = new Map<string, Choice>();

beforeAll(() => {
  const { complete } = check(protocol(BOUNDS), 1_000_000, (from, step) => {
    const { name, label, to } = step;
    if (from.row !== to.row) {
      changes.set(JSON.stringify([from.row, name ?? label, to.row]), { before: from.row, name, label, after: to.row });
    }
    if (from.initiators[0] === IDLE) choose(from, step);
  });
  expect(complete).toBe(true);
});

function choose({ row, world }: S, { name, label }: Step<S>): void {
  const isNew = world.requests.includes("new");
  const key = JSON.stringify([row, isNew]);
  const choice = choices.get(key) ?? { row, isNew, begins: new Set() };
  choices.set(key, choice);
  if (name === "takeOver" || name === "reopen") choice.begins.add(name);
  if (label.startsWith("initiator") && label.endsWith("to renew")) choice.begins.add("renew");
}

const act = anAct(NOW, "model");
const unpaid = { says: "unpaid", because: "failed" } as const;

function money(payment: Payment, move: string, attempt: number): Extract<Evidence, { says: "paid" }> {
  const txRef = txRefOf(payment.ref, attempt);
  const amount = move === "review" ? Santim.parse(1) : TERMS.amount;
  return { says: "paid", facts: { ...TERMS, amount, txRef, reference: txRef } };
}

/** The attempt whose record changed; the latest where none did. */
function attemptOf({ before, after }: Change): number {
  const at = after.recs.findIndex((rec, index) => rec !== before.recs[index]);
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
      expect(moveFor(payment, at, money(payment, change.name, at))).toBe(change.name);
      break;
    case "seal":
      expect(moveDue(payment, at, unpaid, NOW, POLICY)).toBe("seal");
      return seal(looked(payment, at, unpaid, act), act);
  }
  return moved(payment, change.name, at);
}

function moved(payment: Payment, move: string, at: number): Payment {
  const closing = { attempt: payment.attempt, cancel: "closed" } as const;
  const mine = { ...payment, lease: aLease(), checkoutUrl: undefined };
  switch (move) {
    case "claim":
      return aClaim();
    case "takeOver":
      return takeOver(payment, TERMS, aLease("another"), act);
    case "open":
      return open(mine, "me", CHECKOUT_URL, act);
    case "reject":
      return reject(mine, "me", "refused", act);
    case "renew":
      return renew(payment, closing, TERMS, aLease("another"), act);
    case "reopen":
      return reopen(payment, TERMS, aLease("another"), act);
    case "fail":
    case "expire":
    case "cancel":
      return settleUnpaid(payment, move, closing, act);
    case "confirm":
    case "review":
    case "duplicate":
      return account(payment, move, at, money(payment, move, at), act);
    case "seal":
      return seal(payment, act);
    case "attend":
      return attend(payment, "listing_closed", act);
    default:
      throw new Error(`nothing in lib makes ${move}`);
  }
}

function noted(payment: Payment, at: number, label: string): Payment {
  if (label.startsWith("look: finds for the last time")) return looked(payment, at, unpaid, anAct(NOW + 8 * DAY_MS));
  if (label.startsWith("look: finds")) return looked(payment, at, unpaid, act);
  if (label.startsWith("look: notes")) return superseded(payment, at, act);
  if (label.startsWith("listing: has heard")) return listingAnswered(payment, true, act);
  if (label.startsWith("initiator: nothing was sent"))
    return leased(payment, { holder: "me", until: NOW, unsent: true });
  throw new Error(`nothing in lib stands for "${label}"`);
}

test("each step that the model takes with a row, the code takes with the payment that it stands for", () => {
  const wrong: string[] = [];
  const compared = new Map<string, number>();
  for (const change of changes.values()) {
    if (change.after.state === "none") continue;
    const after = rowOf(made(change), BOUNDS.attempts);
    if (JSON.stringify(after) !== JSON.stringify(change.after)) {
      const [a, b, c] = [change.before, change.after, after].map((row) => JSON.stringify(row));
      wrong.push(`${change.label}\n  from  ${a}\n  model ${b}\n  code  ${c}`);
    }
    const kind = change.name ?? change.label.replace(/ \d.*/, "");
    compared.set(kind, (compared.get(kind) ?? 0) + 1);
  }
  expect(wrong.slice(0, 5)).toEqual([]);
  const written = MODELLED.filter((move) => !UNWRITTEN.includes(move));
  expect([...compared.keys()]).toEqual(expect.arrayContaining(written));
  expect(compared.size).toBe(written.length + 5);
});

test("what the table does not have out of a state that the model reaches, the code refuses", () => {
  const refused = new Set<string>();
  const written = MODELLED.filter((move) => move !== "claim" && !UNWRITTEN.includes(move));
  for (const { row } of choices.values()) {
    for (const move of row.state === "none" ? [] : written.filter((move) => !mayMove(move, row.state))) {
      expect(() => moved(paymentOf(row), move, row.attempt), `${move} out of ${row.state}`).toThrow();
      refused.add(`${move} out of ${row.state}`);
    }
  }
  const illegal = written.flatMap((move) =>
    STATES.filter((state) => !mayMove(move, state)).map((state) => [move, state]),
  );
  expect(refused.size).toBe(illegal.length);
});

test("an initiator of the model may begin what decide tells one to, and nothing else", () => {
  const begun = { "take over": "takeOver", reopen: "reopen", renew: "renew" } as const;
  const seen = new Set<string>();
  for (const { row, isNew, begins } of choices.values()) {
    // The model has fewer attempts than the code: at its last one they must differ.
    if (row.state === "none" || row.attempt + 1 >= BOUNDS.attempts) continue;
    const request = { ref: aClaim().ref, fields: {}, recordedAt: LEFT_AT + (isNew ? 1 : -1), by: "another" };
    const decision = decide(paymentOf(row), { ...request, asked: {}, payableAgain: false }, "another", NOW, POLICY);
    const expected = Object.entries(begun).flatMap(([decided, move]) => (decided === decision.do ? [move] : []));
    expect([...begins], `${JSON.stringify(row)}, new: ${isNew}, ${decision.do}`).toEqual(expected);
    seen.add(decision.do);
  }
  expect([...seen].sort()).toEqual(["answer", "refuse", "renew", "reopen", "take over"]);
});
