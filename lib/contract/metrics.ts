/**
 * Names of our own metrics. Functions count them; dashboards and alarms read them. All are counts. AWS charges for a
 * metric only in the hours in which it is sent, so one that is silent without a fault costs nothing.
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
  "KeyModeWrong",
] as const;

export type MetricName = (typeof METRICS)[number];

export const METRICS_NAMESPACE = "ChapaPayments";
