import type { FunctionName } from "../lib/contract/functions.ts";
import type { GaugeName, MetricName } from "../lib/contract/metrics.ts";
import type { QueueName } from "../lib/contract/queues.ts";

/** What an alarm looks at: a metric of ours, or one that AWS keeps. Sums over `minutes`, but for ages and latencies. */
export type Watched =
  | { of: "own"; metric: MetricName }
  /** What the sweep measures every minute. While it is silent, the alarm stays as it is. */
  | { of: "gauge"; metric: GaugeName }
  /** Messages in a dead-letter queue. */
  | { of: "dead"; queue: QueueName | "stream" }
  /** Seconds that the oldest message has waited. */
  | { of: "oldest"; queue: QueueName }
  | { of: "errors" | "runs"; function: FunctionName }
  /** Milliseconds between a change of the table and its being published. */
  | { of: "stream age" }
  | { of: "api errors" | "api p99" | "throttled functions" | "throttled table" | "table errors" };

export type AlarmSpec = {
  name: string;
  /**
   * `page`: money needs a person, or payments stop until a person acts. `ticket`: the service recovers by itself, or a
   * day's delay harms nobody.
   */
  severity: "page" | "ticket";
  /** What customers notice, or will. */
  impact: string;
  /** Heading of docs/runbook.md. */
  runbook: string;
  watches: Watched;
  /** Goes off at this much or more; a heartbeat at less than this. */
  at: number;
  minutes: number;
  /** Of so many periods in a row so many must be bad; one of one unless it says otherwise. */
  bad?: { of: number; are: number };
  isHeartbeat?: true;
};

/** Every alarm, as docs/runbook.md answers it. */
export const ALARMS: readonly AlarmSpec[] = [
  {
    name: "attention-open",
    severity: "page",
    impact: "Money waits for a person's decision: it came twice, was not as agreed, or is for a closed listing.",
    runbook: "A payment needs attention",
    watches: { of: "gauge", metric: "OpenAttention" },
    at: 1,
    minutes: 1,
  },
  {
    name: "attention-unanswered",
    severity: "page",
    impact: "Money has waited a day for a person's decision.",
    runbook: "A payment needs attention",
    watches: { of: "gauge", metric: "OldestAttentionSeconds" },
    at: 86_400,
    minutes: 1,
  },
  {
    name: "refund-unclear",
    severity: "page",
    impact: "Chapa has not said for a day what became of a refund. The payer may wait for money that does not come.",
    runbook: "A refund is unclear",
    watches: { of: "own", metric: "RefundUnclear" },
    at: 1,
    minutes: 60,
  },
  {
    name: "refund-refused",
    severity: "page",
    impact: "Money that was promised back to a payer was not sent. The next refunds may be refused, too.",
    runbook: "A refund was refused",
    watches: { of: "own", metric: "RefundRefused" },
    at: 1,
    minutes: 60,
  },
  {
    name: "refund-undone",
    severity: "page",
    impact: "A payer got a message that their money went back, and it did not.",
    runbook: "A refund was undone",
    watches: { of: "own", metric: "RefundUndone" },
    at: 1,
    minutes: 60,
  },
  {
    name: "deadline-missed",
    severity: "page",
    impact: "A paid property was not published for a day, or a payment was not verified or did not expire for a day.",
    runbook: "A payment waits too long",
    watches: { of: "own", metric: "DeadlineMissed" },
    at: 1,
    minutes: 60,
    bad: { of: 26, are: 1 },
  },
  {
    name: "chapa-unavailable",
    severity: "page",
    impact: "Owners cannot start a payment, and paid payments are confirmed late. No money is lost.",
    runbook: "Chapa is down",
    watches: { of: "own", metric: "ChapaUnavailable" },
    at: 10,
    minutes: 5,
  },
  {
    name: "chapa-misconfigured",
    severity: "page",
    impact: "No payment can start and no paid payment is confirmed until the key or the account is corrected.",
    runbook: "Chapa refuses our key",
    watches: { of: "own", metric: "ChapaMisconfigured" },
    at: 1,
    minutes: 5,
  },
  {
    name: "checkout-not-found",
    severity: "page",
    impact: "Checkouts belong to another account than our key. Money on them is not seen, and they cannot be left.",
    runbook: "Chapa does not know a checkout",
    watches: { of: "own", metric: "CheckoutNotFound" },
    at: 1,
    minutes: 60,
  },
  {
    name: "checkout-lapsed",
    severity: "ticket",
    impact: "Chapa did not close checkouts that we left. A payer who still pays on one pays twice.",
    runbook: "Chapa does not close checkouts",
    watches: { of: "own", metric: "CheckoutLapsed" },
    at: 1,
    minutes: 60,
  },
  {
    name: "chapa-word-unknown",
    severity: "ticket",
    impact: "Chapa answers in words that we do not know. Until we do, checkouts are left later than they could be.",
    runbook: "Chapa uses a word that we do not know",
    watches: { of: "own", metric: "ChapaWordUnknown" },
    at: 1,
    minutes: 60,
  },
  {
    name: "key-mode-wrong",
    severity: "page",
    impact: "No payment can start: Chapa's key is a test key on a stage that sells, or the other way round.",
    runbook: "The key is of the other mode",
    watches: { of: "own", metric: "KeyModeWrong" },
    at: 1,
    minutes: 5,
  },
  {
    name: "webhooks-refused",
    severity: "ticket",
    impact: "None, if someone sends forged webhooks. Otherwise the schedule confirms payments, minutes later.",
    runbook: "Webhooks stopped",
    watches: { of: "own", metric: "WebhookRefused" },
    at: 10,
    minutes: 5,
  },
  {
    name: "listing-refuses-our-key",
    severity: "page",
    impact: "Paid properties are not published.",
    runbook: "The listing service refuses our key",
    watches: { of: "own", metric: "ListingRefusedKey" },
    at: 1,
    minutes: 5,
  },
  {
    name: "notification-refuses-us",
    severity: "ticket",
    impact: "Payers get no messages. Payments and listings are not affected.",
    runbook: "The notification service refuses us",
    watches: { of: "own", metric: "NotificationRefused" },
    at: 1,
    // It is asked once in ten minutes while it refuses.
    minutes: 15,
  },
  {
    name: "notifications-expired",
    severity: "ticket",
    impact:
      "Payers did not get messages, because more messages wait than the pace lets out. Payments are not affected.",
    runbook: "Messages wait too long",
    watches: { of: "own", metric: "NotificationExpired" },
    at: 1,
    minutes: 60,
  },
  {
    name: "limits-not-shared",
    severity: "ticket",
    impact: "None yet: each process counts its own calls, so a caller may make more of them.",
    runbook: "Redis is down",
    watches: { of: "own", metric: "RateLimiterFailOpen" },
    at: 1,
    minutes: 1,
    bad: { of: 15, are: 15 },
  },
  {
    name: "reconciliation-mismatch",
    severity: "ticket",
    impact: "Chapa's list and our table differ in a payment; a payer may have paid without a result.",
    runbook: "Reconcile yesterday",
    watches: { of: "own", metric: "ReconcileFinding" },
    at: 1,
    minutes: 60,
  },
  {
    name: "table-mismatch",
    severity: "page",
    impact: "No payment can start: the table or the namespace of ids is another one than before. No money is lost.",
    runbook: "The table is another one",
    watches: { of: "own", metric: "TableMismatch" },
    at: 1,
    minutes: 5,
  },
  {
    name: "rows-unreadable",
    severity: "page",
    impact: "A payment cannot be read or paid, and money on it is not confirmed. All other payments go on.",
    runbook: "A row cannot be read",
    watches: { of: "own", metric: "RowUnreadable" },
    at: 1,
    minutes: 60,
    // The schedule reads such a row once an hour.
    bad: { of: 2, are: 1 },
  },
  {
    name: "resolve-dead-letters",
    severity: "ticket",
    impact: "None: the schedule verifies every payment anyway. A message could not be read.",
    runbook: "The DLQ has messages",
    watches: { of: "dead", queue: "resolve" },
    at: 1,
    minutes: 1,
  },
  {
    name: "listing-dead-letters",
    severity: "ticket",
    impact: "A paid property is not published until the schedule sends the success again.",
    runbook: "The DLQ has messages",
    watches: { of: "dead", queue: "listing" },
    at: 1,
    minutes: 1,
  },
  {
    name: "notification-dead-letters",
    severity: "ticket",
    impact: "A payer did not get a message; the payment itself is correct.",
    runbook: "The DLQ has messages",
    watches: { of: "dead", queue: "notification" },
    at: 1,
    minutes: 1,
  },
  {
    name: "success-dead-letters",
    severity: "ticket",
    impact: "A payer did not hear that their payment succeeded; the payment itself is correct.",
    runbook: "The DLQ has messages",
    watches: { of: "dead", queue: "success" },
    at: 1,
    minutes: 1,
  },
  {
    name: "stream-dead-letters",
    severity: "page",
    impact: "A change of a payment was not published; it is delivered when the schedule finds it.",
    runbook: "The DLQ has messages",
    watches: { of: "dead", queue: "stream" },
    at: 1,
    minutes: 1,
  },
  {
    name: "resolve-backlog",
    severity: "ticket",
    impact: "Paid payments are confirmed late.",
    runbook: "Messages wait too long",
    watches: { of: "oldest", queue: "resolve" },
    at: 900,
    minutes: 5,
  },
  {
    name: "notification-backlog",
    severity: "ticket",
    impact: "Payers get their messages late.",
    runbook: "Messages wait too long",
    watches: { of: "oldest", queue: "notification" },
    at: 3_600,
    minutes: 5,
  },
  {
    name: "success-backlog",
    severity: "ticket",
    impact: "Payers hear late that their payment succeeded.",
    runbook: "Messages wait too long",
    watches: { of: "oldest", queue: "success" },
    at: 900,
    minutes: 5,
  },
  {
    name: "stream-backlog",
    severity: "ticket",
    impact: "Results are delivered late to the listing service and to payers.",
    runbook: "Messages wait too long",
    watches: { of: "stream age" },
    at: 300_000,
    minutes: 5,
  },
  {
    name: "publishing-fails",
    severity: "page",
    impact: "Results are delivered late, or only by the schedule.",
    runbook: "Messages wait too long",
    watches: { of: "errors", function: "publish-events" },
    at: 1,
    minutes: 5,
    bad: { of: 3, are: 2 },
  },
  {
    name: "sweep-silent",
    severity: "page",
    impact: "Lost webhooks are not replaced by verifications, nothing expires, and deliveries are not repeated.",
    runbook: "The schedule does not run",
    watches: { of: "runs", function: "timeout-payments" },
    at: 1,
    minutes: 1,
    bad: { of: 3, are: 3 },
    isHeartbeat: true,
  },
  {
    name: "sweep-fails",
    severity: "page",
    impact: "The same as if the schedule did not run.",
    runbook: "The schedule does not run",
    watches: { of: "errors", function: "timeout-payments" },
    at: 1,
    minutes: 1,
    bad: { of: 3, are: 3 },
  },
  {
    name: "reconcile-silent",
    severity: "ticket",
    impact: "The books were not compared for 26 hours: lost payments are not found, and totals may be wrong.",
    runbook: "Reconcile yesterday",
    watches: { of: "own", metric: "Reconciled" },
    at: 1,
    minutes: 60,
    bad: { of: 26, are: 26 },
    isHeartbeat: true,
  },
  {
    name: "api-fails",
    severity: "page",
    impact: "Owners see errors instead of their checkout or their state.",
    runbook: "The service answers errors",
    watches: { of: "api errors" },
    at: 3,
    minutes: 5,
  },
  {
    name: "api-slow",
    severity: "ticket",
    impact: "Owners wait longer than 8 s.",
    runbook: "The service answers errors",
    watches: { of: "api p99" },
    at: 8_000,
    minutes: 1,
    bad: { of: 5, are: 3 },
  },
  {
    name: "functions-throttled",
    severity: "ticket",
    impact: "Calls are rejected because the account's quota of concurrent functions is used up.",
    runbook: "The service answers errors",
    watches: { of: "throttled functions" },
    at: 1,
    minutes: 5,
  },
  {
    name: "table-throttled",
    severity: "ticket",
    impact: "Calls wait or fail.",
    runbook: "The service answers errors",
    watches: { of: "throttled table" },
    at: 1,
    minutes: 1,
    bad: { of: 3, are: 2 },
  },
  {
    name: "table-fails",
    severity: "page",
    impact: "No payment can start or be confirmed until the table answers again.",
    runbook: "The service answers errors",
    watches: { of: "table errors" },
    at: 1,
    minutes: 5,
    bad: { of: 3, are: 2 },
  },
];

/** Any of these, and payments are broken. */
export const BROKEN: readonly string[] = [
  "api-fails",
  "chapa-misconfigured",
  "chapa-unavailable",
  "key-mode-wrong",
  "sweep-silent",
  "table-fails",
  "table-mismatch",
];
