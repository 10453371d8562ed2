/**
 * Names of our own metrics. Functions count them; dashboards and alarms read them. AWS charges for each.
 */
export const METRICS = [
  "PaymentOpened",
  "PaymentConfirmed",
  "ChapaUnavailable",
  "ChapaMisconfigured",
  "WebhookAccepted",
  "WebhookRefused",
  "ListingRefusedKey",
  "RateLimiterFailOpen",
  "ReconcileFinding",
  "Reconciled",
  "DeadlineMissed",
] as const;

export type MetricName = (typeof METRICS)[number];

/** Measured every minute, not counted. An alarm on one lasts as long as what it measures. */
export const GAUGES = ["OpenAttention", "OldestAttentionSeconds"] as const;

export type GaugeName = (typeof GAUGES)[number];

export const METRICS_NAMESPACE = "ChapaPayments";
