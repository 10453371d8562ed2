import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import type { Action } from "../../local/chapa/actions.ts";
import type { ChapaWays } from "./chapa-behaviour.ts";

/** How often each kind of event happens, beside the others. */
export const EVENTS = {
  step: 60,
  press: 7,
  read: 1,
  pay: 9,
  deliver: 10,
  rare: 6,
  burst: 3,
  turn: 1,
  setBack: 1,
  jump: 2,
  /** Another program sells something on the same account of Chapa's. */
  sale: 0,
  /** A person decides something, or sends money back. */
  person: 0,
  /** Chapa, or a payer's bank, goes on with what goes back. */
  bank: 0,
} as const;

export const RARE_EVENTS = { sweep: 7, reconcile: 1, giveUp: 2, approve: 2 } as const;

/** What payers do. */
export const PAYMENTS = {
  pay: 38,
  "pay-twice": 2,
  prompt: 16,
  "pay-late": 16,
  fail: 6,
  cancel: 3,
  "wrong-amount": 7,
  "wrong-currency": 3,
  "live-test-mix": 2,
  refund: 3,
  reverse: 4,
} as const satisfies Partial<Record<Action, number>>;

export const DELIVERIES = { verify: 45, listing: 20, publish: 15, notify: 20 } as const;

export const JUMPS = [
  SECOND_MS,
  MINUTE_MS,
  20 * MINUTE_MS,
  65 * MINUTE_MS,
  3 * HOUR_MS,
  DAY_MS,
  3 * DAY_MS,
  7 * DAY_MS,
] as const;

const NOBODY_PAYS = Object.fromEntries(Object.keys(PAYMENTS).map((name) => [name, 0])) as Weights<typeof PAYMENTS>;

type Weights<Table> = { readonly [Name in keyof Table]?: number };

/** What differs from the usual run. */
export type Focus = {
  events?: Weights<typeof EVENTS>;
  rare?: Weights<typeof RARE_EVENTS>;
  payments?: Weights<typeof PAYMENTS>;
  deliveries?: Weights<typeof DELIVERIES>;
  jumps?: readonly number[];
  faultRate?: number;
  /** How the sites begin whose calls mostly fail, all the time. */
  burst?: string;
  /** How long Chapa lets a checkout be paid. */
  windowMinutes?: number;
  chapa?: ChapaWays;
  /** Whether a signed webhook announces each payment, or nothing announces any. */
  notices?: "always" | "never";
  /** Whether money in flight arrives when no verification is left but what a webhook asks for. */
  landsLast?: true;
  /** Whether Chapa has a checkout of ours whose row the table has lost. */
  hasLostRow?: true;
  /** How the fee was paid before anything goes wrong. */
  begins?: readonly Action[];
  /** Whether the fee was paid and refunded before, while a payment on an older checkout is under way. */
  isSpent?: true;
};

const LATE = [20 * MINUTE_MS, 65 * MINUTE_MS, 3 * HOUR_MS];
const MONTH_MINUTES = 30 * 24 * 60;

/** A share of all runs concentrates on one of these, so that what is rare elsewhere happens often in it. */
export const FOCUSES = {
  "Chapa as documented": { chapa: {} },
  "webhook then silence": {
    events: { turn: 6, press: 9, pay: 14, deliver: 16, burst: 0 },
    payments: { "pay-late": 40, prompt: 40, fail: 15 },
    rare: { giveUp: 8 },
    jumps: [MINUTE_MS, 20 * MINUTE_MS, 65 * MINUTE_MS, 3 * HOUR_MS, DAY_MS],
    faultRate: 0.01,
    chapa: { outage: "verify is silent" },
    notices: "always",
  },
  "old links": {
    events: { press: 12, pay: 10, deliver: 12, jump: 7, burst: 0 },
    payments: { ...NOBODY_PAYS, "pay-late": 30, prompt: 30, pay: 15 },
    rare: { giveUp: 4 },
    jumps: [65 * MINUTE_MS],
    faultRate: 0.005,
    chapa: {},
    notices: "always",
    landsLast: true,
  },
  "going live": {
    events: { turn: 4, press: 12, pay: 12, deliver: 12, burst: 0 },
    faultRate: 0.02,
    chapa: { outage: "live stage" },
  },
  "lost answers of the listing": {
    events: { burst: 0, pay: 14, deliver: 30, jump: 8 },
    rare: { approve: 0 },
    jumps: [MINUTE_MS, 20 * MINUTE_MS],
    payments: { ...NOBODY_PAYS, pay: 1 },
    deliveries: { verify: 30, listing: 30, publish: 40, notify: 0 },
    faultRate: 0.01,
    burst: "listing.confirm",
    chapa: {},
    notices: "always",
  },
  "finalised and paid": {
    events: { jump: 6, burst: 0, deliver: 25, pay: 6 },
    payments: { ...NOBODY_PAYS, prompt: 1, "pay-late": 1 },
    rare: { approve: 0, sweep: 12, giveUp: 4 },
    deliveries: { verify: 40, listing: 40, publish: 20, notify: 5 },
    jumps: [65 * MINUTE_MS, DAY_MS, 7 * DAY_MS],
    faultRate: 0,
    chapa: {},
  },
  "two captures": {
    events: { pay: 20, deliver: 20, burst: 0 },
    payments: { "pay-twice": 40, prompt: 30 },
    faultRate: 0.01,
    chapa: {},
    notices: "always",
  },
  "write races": {
    events: { step: 40, press: 12, pay: 12, deliver: 25, jump: 4, burst: 0 },
    rare: { giveUp: 6 },
    jumps: [SECOND_MS, MINUTE_MS, 65 * MINUTE_MS],
    faultRate: 0,
    chapa: {},
    notices: "always",
  },
  "lost answers of the table": {
    events: { press: 12, jump: 3, burst: 0 },
    faultRate: 0.02,
    burst: "table.Update",
    chapa: {},
  },
  "unknown words": {
    events: { press: 12, jump: 8, pay: 3, deliver: 14, burst: 0 },
    rare: { sweep: 14 },
    payments: { ...NOBODY_PAYS, pay: 1 },
    jumps: [65 * MINUTE_MS, 3 * HOUR_MS],
    faultRate: 0.005,
    windowMinutes: MONTH_MINUTES,
    chapa: { cancelRefused: 1, paidWord: "completed" },
    notices: "never",
  },
  "late money in unknown words": {
    events: { press: 10, jump: 8, pay: 6, deliver: 16, burst: 0 },
    rare: { sweep: 14, giveUp: 8, reconcile: 0 },
    payments: { ...NOBODY_PAYS, prompt: 3, "pay-late": 1 },
    jumps: [20 * MINUTE_MS, 65 * MINUTE_MS, DAY_MS, 7 * DAY_MS],
    faultRate: 0.005,
    chapa: { paidWord: "completed" },
    notices: "never",
  },
  "failed tries": {
    events: { press: 20, pay: 20, deliver: 14, burst: 0 },
    payments: { ...NOBODY_PAYS, fail: 1 },
    jumps: [SECOND_MS, MINUTE_MS],
    faultRate: 0.05,
    burst: "chapa.verify",
    chapa: {},
    notices: "always",
  },
  "Chapa never cancels": {
    events: { press: 12, jump: 8, burst: 0 },
    jumps: LATE,
    faultRate: 0.01,
    windowMinutes: MONTH_MINUTES,
    chapa: { cancelRefused: 1, unpaidWord: "expired" },
  },
  "Chapa cancels now and then": {
    events: { press: 12, jump: 8, pay: 12, burst: 0 },
    jumps: LATE,
    faultRate: 0.01,
    windowMinutes: MONTH_MINUTES,
    chapa: { cancelRefused: 0.6 },
  },
  "lost initializes": {
    events: { press: 14, turn: 3, jump: 6, burst: 2 },
    jumps: [SECOND_MS, MINUTE_MS, 5 * MINUTE_MS, HOUR_MS],
    faultRate: 0.05,
    chapa: { outage: "booked and lost" },
  },
  "burnt references": {
    events: { press: 14, turn: 3, jump: 6, burst: 0 },
    jumps: [SECOND_MS, MINUTE_MS, 5 * MINUTE_MS, HOUR_MS],
    faultRate: 0.02,
    chapa: { outage: "burnt references" },
  },
  "other keys": {
    events: { press: 10, turn: 5, jump: 5, burst: 0 },
    jumps: LATE,
    faultRate: 0.02,
    chapa: { outage: "another account" },
  },
  "renewed key": {
    events: { press: 10, turn: 4, jump: 4, burst: 0 },
    jumps: LATE,
    faultRate: 0.02,
    chapa: { outage: "renewed key" },
  },
  "money goes back": {
    events: { pay: 20, deliver: 20, press: 9, burst: 0 },
    payments: { ...NOBODY_PAYS, pay: 30, "pay-twice": 10, "wrong-amount": 10, refund: 20, reverse: 20, prompt: 10 },
    faultRate: 0.02,
    chapa: {},
    notices: "always",
  },
  "people send money back": {
    events: { step: 120, pay: 4, deliver: 14, press: 3, rare: 3, person: 40, bank: 8, jump: 4, burst: 0 },
    payments: { ...NOBODY_PAYS, pay: 40, "pay-twice": 12, "wrong-amount": 10, prompt: 10, refund: 4, reverse: 8 },
    rare: { sweep: 16, giveUp: 0 },
    jumps: [SECOND_MS, MINUTE_MS, 20 * MINUTE_MS, 65 * MINUTE_MS, 7 * HOUR_MS, DAY_MS],
    faultRate: 0.02,
    chapa: { isLive: true, oddRefunds: 0.5 },
    begins: ["pay", "pay", "pay-twice"],
  },
  "people decide": {
    events: { pay: 14, deliver: 20, press: 9, person: 26, bank: 8, jump: 5, burst: 0 },
    payments: {
      ...NOBODY_PAYS,
      "wrong-amount": 40,
      "wrong-currency": 6,
      prompt: 20,
      "pay-late": 10,
      pay: 8,
      reverse: 8,
    },
    rare: { sweep: 14, giveUp: 1 },
    jumps: [SECOND_MS, MINUTE_MS, 65 * MINUTE_MS, 7 * HOUR_MS, DAY_MS],
    faultRate: 0.02,
    chapa: { isLive: true },
    notices: "always",
    begins: ["wrong-amount", "prompt"],
  },
  "the fee goes on": {
    events: { step: 50, pay: 12, deliver: 20, press: 16, jump: 3, burst: 0 },
    payments: { ...NOBODY_PAYS, pay: 20, prompt: 20, "pay-late": 30, refund: 15, reverse: 15 },
    jumps: LATE,
    faultRate: 0.01,
    windowMinutes: MONTH_MINUTES,
    chapa: {},
    notices: "always",
    isSpent: true,
  },
  "a busy account": {
    events: { sale: 3, pay: 12, burst: 0 },
    rare: { reconcile: 4 },
    payments: { "pay-twice": 30 },
    faultRate: 0.01,
    chapa: {},
  },
  "a row is lost": {
    events: { pay: 14, burst: 0 },
    faultRate: 0.02,
    chapa: {},
    notices: "always",
    hasLostRow: true,
  },
} as const satisfies Record<string, Focus>;
export type FocusName = keyof typeof FOCUSES;

const NAMES = Object.keys(FOCUSES) as FocusName[];
// Half of all runs concentrate on nothing.
const UNFOCUSED = NAMES.length;

/** Returns what the run of a seed concentrates on; undefined if on nothing. */
export function focusOf(seed: number): FocusName | undefined {
  return NAMES[(Math.imul(seed, 0x85ebca6b) >>> 16) % (NAMES.length + UNFOCUSED)];
}

/** @throws RangeError when none is called so */
export function focusNamed(name: string): FocusName {
  const found = NAMES.find((known) => known === name);
  if (!found) throw new RangeError(`there is no focus "${name}"; there are: ${NAMES.join("; ")}`);
  return found;
}
