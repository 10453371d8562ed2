import { STATES } from "../../../lib/domain/vocabulary.ts";
import type { Outcome } from "../../../local/demo/outcome.ts";
import { USERS } from "../../../local/users.ts";

type Payment = Outcome["payments"][number];
type Answer = Outcome["answers"][number];

/** Ways in which a story can end wrong: each makes outcomes that did not happen out of the one that did. */
export const WRONG_ENDS: Record<string, (outcome: Outcome) => Outcome[]> = {
  "the payment is in another state": (outcome) =>
    STATES.filter((state) => outcome.payments.every((payment) => payment.state !== state)).map((state) =>
      withPayments(outcome, (payment) => ({ ...payment, state })),
    ),
  "there is no payment": (outcome) => [{ ...outcome, payments: [] }],
  "there is a payment too many": (outcome) => [{ ...outcome, payments: [...outcome.payments, ...outcome.payments] }],
  "a payment is taken for late, or a late one for timely": (outcome) => [
    withPayments(outcome, (payment) => ({ ...payment, late: !payment.late })),
  ],
  "it is finalised that should be open, or open that should be finalised": (outcome) => [
    withPayments(outcome, (payment) => ({ ...payment, finalised: !payment.finalised })),
  ],
  "a person is called for nothing, or not called": (outcome) => [
    withPayments(outcome, (payment) => ({ ...payment, attention: [] })),
    withPayments(outcome, (payment) => ({ ...payment, attention: [...payment.attention, "listing_unclear"] })),
  ],
  "an unreadable row was changed, or removed": (outcome) => [
    { ...outcome, unreadable: [] },
    { ...outcome, unreadable: outcome.unreadable.map((row) => ({ ...row, schema: 1 })) },
  ],
  "the gauge shows nobody, or somebody for a moment only": (outcome) => [
    { ...outcome, gauges: { ...outcome.gauges, OpenAttention: 0 } },
    { ...outcome, gauges: { ...outcome.gauges, OpenAttention: outcome.gauges.OpenAttention + 1 } },
    { ...outcome, gauges: { ...outcome.gauges, OldestAttentionSeconds: 60 } },
  ],
  "another number of checkouts was opened": (outcome) => [
    withPayments(outcome, (payment) => ({ ...payment, opened: [...payment.opened, "ANOTHER"] })),
    { ...outcome, transactions: [] },
    { ...outcome, transactions: [...outcome.transactions, { txRef: "ANOTHER", state: "OPEN" }] },
  ],
  "Chapa holds money that nobody here knows of": (outcome) => [
    { ...outcome, captures: [...outcome.captures, { txRef: "ANOTHER", amount: 50_000 }] },
  ],
  "money is believed in that Chapa does not hold": (outcome) => [
    { ...outcome, captures: [] },
    withPayments(outcome, (payment) => ({ ...payment, captured: [...payment.captured, "ANOTHER"] })),
  ],
  "a refund is in another state, or sent again": (outcome) => [
    withPayments(outcome, (payment) => ({ ...payment, refunds: [] })),
    { ...outcome, refundCalls: outcome.refundCalls + 1 },
  ],
  "another amount is left": (outcome) => [withPayments(outcome, (payment) => ({ ...payment, left: payment.left + 1 }))],
  "a checkout can still be paid": (outcome) => [
    { ...outcome, transactions: outcome.transactions.map((transaction) => ({ ...transaction, state: "OPEN" })) },
  ],
  "the listing has another property": (outcome) => [
    { ...outcome, listings: outcome.listings.map((listing) => ({ ...listing, status: "DELETED" })) },
    { ...outcome, listings: [] },
  ],
  "the listing was told something else": (outcome) => [
    { ...outcome, confirms: [] },
    { ...outcome, confirms: [...outcome.confirms, { propertyId: "another", status: "SUCCESS" }] },
    { ...outcome, confirms: [...outcome.confirms, { propertyId: "another", status: "FAILED" }] },
  ],
  "the listing's answer was lost": (outcome) => [
    withPayments(outcome, (payment) => ({ ...payment, isAcknowledged: !payment.isAcknowledged })),
  ],
  "the payer was told something else": (outcome) => [
    { ...outcome, notifications: [] },
    { ...outcome, notifications: [...outcome.notifications, { eventType: "payment_failed", message: "" }] },
  ],
  "callers got other answers": (outcome) => [
    { ...outcome, answers: [] },
    withAnswers(outcome, (answer) => ({ ...answer, status: 500 })),
    withAnswers(outcome, (answer) => ({ ...answer, retryAfter: null })),
    withAnswers(outcome, (answer) => ({ ...answer, location: "https://example.com/" })),
    withAnswers(outcome, (answer, index) => ({ ...answer, body: { ...answer.body, checkout_url: `other ${index}` } })),
    withAnswers(outcome, (answer) => ({ ...answer, body: { ...answer.body, checkout_url: "the same" } })),
    ...["PENDING", "SUCCESS", "FAILED"].map((status) =>
      withAnswers(outcome, (answer) => ({ ...answer, body: { ...answer.body, status, state: status } })),
    ),
    withAnswers(outcome, (answer, index) => ({ ...answer, body: { ...answer.body, id: `other ${index}` } })),
    withAnswers(outcome, (answer) => ({ ...answer, body: { ...answer.body, failure_reason: null } })),
    withAnswers(outcome, (answer) => ({ ...answer, body: { ...answer.body, failure_reason: "no money" } })),
    withAnswers(outcome, (answer) => ({ ...answer, body: { ...answer.body, support_reason: null } })),
  ],
  "a message was given up": (outcome) => [{ ...outcome, deadLetters: outcome.deadLetters + 1 }],
  "the notification service was asked far too often, or never again": (outcome) => [
    { ...outcome, refusedNotifications: 1000 },
    { ...outcome, refusedNotifications: 1 },
  ],
  "Chapa was given somebody else's address": (outcome) => [{ ...outcome, emails: [USERS.admin.email] }],
  "Chapa was asked far too often": (outcome) => [{ ...outcome, verifies: 1000 }],
};

function withPayments(outcome: Outcome, change: (payment: Payment) => Payment): Outcome {
  return { ...outcome, payments: outcome.payments.map(change) };
}

function withAnswers(outcome: Outcome, change: (answer: Answer, index: number) => Answer): Outcome {
  return { ...outcome, answers: outcome.answers.map(change) };
}
