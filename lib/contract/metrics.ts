/**
 * Names of our own metrics. Functions count them; dashboards and alarms read them. AWS charges for a metric only in the
 * hours in which it is sent, so one that is silent without a fault costs nothing.
 */
export const METRICS = [
  "PaymentOpened",
  "PaymentConfirmed",
  "ChapaUnavailable",
  "ChapaMisconfigured",
  "ChapaWordUnknown",
  "CheckoutLapsed",
  "CheckoutNotFound",
  "WebhookAccepted",
  "WebhookRefused",
  "ListingRefusedKey",
  "NotificationRefused",
  "NotificationExpired",
  "RateLimiterFailOpen",
  "ReconcileFinding",
  "RowUnreadable",
  "TableMismatch",
  "Reconciled",
  "DeadlineMissed",
  "KeyModeWrong",
  "RefundUnclear",
  "RefundRefused",
  "RefundUndone",
] as const;

export type MetricName = (typeof METRICS)[number];

/** Measured every minute, not counted. An alarm on one lasts as long as what it measures. */
export const GAUGES = ["OpenAttention", "OldestAttentionSeconds"] as const;

export type GaugeName = (typeof GAUGES)[number];

export const METRICS_NAMESPACE = "ChapaPayments";
