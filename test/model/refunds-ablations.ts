import type { Edit } from "../invariants/deliberate-faults.ts";
import { REFUND_RULES, type RefundBounds, type RefundInvariant, type RefundRules } from "./refunds.ts";

/** Refunds of one capture, searched completely. `isQuick`: small enough for the gate. */
export type RefundConfiguration = { name: string; bounds: RefundBounds; isQuick: boolean };

const PAID: RefundBounds = {
  start: "paid",
  refunds: 1,
  reversals: 0,
  verifiers: 0,
  people: 0,
  isExact: false,
  outside: false,
  outcomes: true,
  undone: true,
};
const REVIEW: RefundBounds = { ...PAID, start: "review" };
const LEFT: RefundBounds = { ...PAID, start: "left" };
const TWO: RefundBounds = { ...PAID, refunds: 2, outcomes: false, undone: false };
const DASHBOARD: RefundBounds = { ...PAID, isExact: true, outside: true, undone: false };
const REVERSED: RefundBounds = { ...PAID, reversals: 1 };

export const REFUND_CONFIGURATIONS: readonly RefundConfiguration[] = [
  { name: "1 refund, two people", bounds: { ...PAID, people: 2 }, isQuick: true },
  { name: "1 refund, and Chapa's dashboard", bounds: DASHBOARD, isQuick: true },
  { name: "1 refund of reviewed money, two people", bounds: { ...REVIEW, people: 2 }, isQuick: true },
  { name: "1 refund, the bank takes the money", bounds: { ...REVERSED, verifiers: 1 }, isQuick: false },
  { name: "the same of reviewed money", bounds: { ...REVERSED, start: "review", verifiers: 1 }, isQuick: false },
  { name: "the same of a duplicate, asked in one step", bounds: { ...LEFT, reversals: 1 }, isQuick: true },
  { name: "2 refunds", bounds: TWO, isQuick: true },
  { name: "2 refunds of reviewed money", bounds: { ...TWO, start: "review" }, isQuick: false },
  { name: "2 refunds, Chapa sends no more than it has", bounds: { ...TWO, isExact: true }, isQuick: false },
  { name: "2 refunds, and what was paid out comes back", bounds: { ...TWO, undone: true }, isQuick: false },
];

/** A rule of refunds that is taken away, from the flows or from the text of lib, and the invariant that breaks then. */
export type RefundAblation = { name: string; bounds: RefundBounds } & (
  | { without: Partial<RefundRules> }
  | { edits: readonly Edit[] }
) &
  ({ breaks: RefundInvariant } | { harmless: string });

const PAYMENT = "lib/domain/payment.ts";
const REFUNDS = "lib/domain/refunds.ts";
const MONEY = "lib/domain/apply-money.ts";

export const REFUND_ABLATIONS: readonly RefundAblation[] = [
  {
    name: "of two senders only the one whose write stands calls Chapa",
    without: { writeDecidesWhoSends: false },
    bounds: PAID,
    breaks: "no refund is sent twice",
  },
  {
    name: "SENT is written before Chapa is called",
    without: { sentIsWrittenFirst: false },
    bounds: PAID,
    breaks: "no refund is sent twice",
  },
  {
    name: "a failure without a reason says nothing of a refund",
    without: { silenceSaysNothing: false },
    bounds: TWO,
    breaks: "never more is sent back than came in",
  },
  {
    name: "a decision names the version that the person saw",
    without: { decisionsNameVersion: false },
    bounds: { ...PAID, people: 1 },
    breaks: "no decision is lost or made for a newer version",
  },
  {
    name: "an answer of Chapa about an older version is asked for anew",
    without: { answersAreFenced: false },
    bounds: { ...REVERSED, verifiers: 2 },
    breaks: "an older answer of Chapa never replaces a newer one",
  },
  {
    name: "what is being sent back is not left",
    edits: [
      {
        file: PAYMENT,
        from: "  const open = amountIn(refundsOf(payment, capture), isRefundOpen);",
        to: "  const open = amountIn(refundsOf(payment, capture), () => false);",
      },
    ],
    bounds: TWO,
    breaks: "never more is sent back than came in",
  },
  {
    name: "what settled is not left",
    edits: [
      {
        file: PAYMENT,
        from: "return Math.max(backOf(capture).refunded - undone, settled);",
        to: "return Math.max(backOf(capture).refunded - undone, settled * 0);",
      },
    ],
    bounds: TWO,
    breaks: "never more is sent back than came in",
  },
  {
    name: "nothing is left while the bank has the money",
    edits: [{ file: PAYMENT, from: "  if (backOf(capture).reversed > 0) return NOTHING;\n", to: "" }],
    bounds: REVERSED,
    breaks: "what is left is never more than Chapa holds",
  },
  {
    name: "the word refunded says nothing of a capture of which a part was requested",
    edits: [
      {
        file: PAYMENT,
        from: "refunded: isInPart ? refunded : greater(refunded, all), reversed",
        to: "refunded: isInPart ? greater(refunded, all) : greater(refunded, all), reversed",
      },
    ],
    bounds: TWO,
    harmless: "a refund that it settles wrongly is asked about again, and Chapa's silence calls a person",
  },
  {
    name: "a refund that was refused calls a person",
    edits: [
      {
        file: REFUNDS,
        from: `if (name === "refundRefused") return { code: "refund_refused", subject: id, amount };`,
        to: `if (name === "refundRefused") return undefined;`,
      },
    ],
    bounds: PAID,
    breaks: "a refund that came to nothing calls a person",
  },
  {
    name: "a settled refund that came to nothing calls a person",
    edits: [
      {
        file: REFUNDS,
        from: `return { code: "refund_undone", subject: id, amount };`,
        to: "return undefined;",
      },
    ],
    bounds: PAID,
    breaks: "a refund that came to nothing calls a person",
  },
  {
    name: "a refund without an end calls a person",
    edits: [
      {
        file: REFUNDS,
        from: `if (state === "REQUESTED" || state === "SENT") return at;`,
        to: `if (state === "REQUESTED") return at;`,
      },
    ],
    bounds: PAID,
    breaks: "a refund without an end calls a person",
  },
  {
    name: "a settled refund answers for its money only when nothing is left",
    edits: [
      {
        file: REFUNDS,
        from: "if (isReturned && capture && isAllBack(after, capture)) {",
        to: "if (isReturned && capture) {",
      },
    ],
    bounds: LEFT,
    breaks: "money never rests unseen",
  },
  {
    name: "a refund that only the bank's reversal settled is open again once the money is back",
    edits: [
      {
        file: REFUNDS,
        from: "    if (refund.before !== undefined && reversed === 0) {",
        to: "    if (refund.before !== undefined && reversed < 0) {",
      },
    ],
    bounds: { ...LEFT, reversals: 1 },
    breaks: "a refund that came to nothing calls a person",
  },
  {
    name: "money that the bank returns calls a person",
    edits: [
      {
        file: MONEY,
        from: `...(paysItsFee(payment, money) ? {} : withFlag("duplicate")),`,
        to: `...(paysItsFee(payment, money) || payment.version > 0 ? {} : withFlag("duplicate")),`,
      },
    ],
    bounds: { ...LEFT, reversals: 1 },
    breaks: "money never rests unseen",
  },
  {
    name: "money under review that a person has answered for calls them again when the bank returns it",
    edits: [
      {
        file: MONEY,
        from: `if (payment.state !== "REVIEW") return`,
        to: `if (payment.state === "REVIEW") return true;\n  if (payment.version > 0) return`,
      },
    ],
    bounds: { ...REVERSED, start: "review" },
    breaks: "money never rests unseen",
  },
  {
    name: "money that went back without us calls a person",
    edits: [
      { file: MONEY, from: "refundedElsewhere(after, capture) === 0;", to: "refundedElsewhere(after, capture) >= 0;" },
    ],
    bounds: DASHBOARD,
    breaks: "what went back at Chapa is what our books say, or a person knows",
  },
  {
    name: "of money under review only the decision requests a refund",
    without: { reviewOnlyDecides: false },
    edits: [
      {
        file: "lib/domain/transitions.ts",
        from: `    from: [...UNSETTLED, ...SETTLED_UNPAID, "SUCCESS"],\n    to: "same",\n    proof: "refund_request",`,
        to: `    from: STATES,\n    to: "same",\n    proof: "refund_request",`,
      },
    ],
    bounds: REVIEW,
    breaks: "a review ends only by a person's decision",
  },
  {
    name: "money of an unpaid payment can be sent back",
    edits: [
      {
        file: "lib/domain/transitions.ts",
        from: `    from: [...UNSETTLED, ...SETTLED_UNPAID, "SUCCESS"],\n    to: "same",\n    proof: "refund_request",`,
        to: `    from: ["SUCCESS"],\n    to: "same",\n    proof: "refund_request",`,
      },
    ],
    bounds: LEFT,
    breaks: "no attention about money that is here leaves nothing to do",
  },
  {
    name: '"cannot exceed" refuses nothing while another refund is SENT',
    without: { aboveIsUnclearBesideAnother: false },
    bounds: TWO,
    harmless:
      "here Chapa's word is true of this refund at that moment; it is needed where Chapa counts this one itself",
  },
];

export function refundRulesWithout(ablation: RefundAblation): RefundRules {
  return { ...REFUND_RULES, ...("without" in ablation ? ablation.without : {}) };
}
