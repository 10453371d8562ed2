/**
 * Names of our own metrics. Functions count them; dashboards and alarms read them. All are counts, and AWS charges for
 * each that is counted.
 */
export const METRICS = [
  "PaymentOpened",
  "PaymentConfirmed",
  "AttentionRaised",
  "ChapaUnavailable",
  "ChapaMisconfigured",
  "WebhookAccepted",
  "WebhookRefused",
  "ListingRefusedKey",
  "RateLimiterFailOpen",
  "ReconcileFinding",
  "RowUnreadable",
] as const;

export type MetricName = (typeof METRICS)[number];

export const METRICS_NAMESPACE = "ChapaPayments";
