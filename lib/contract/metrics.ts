/** Names of our own metrics; functions count them, dashboards and alarms read them. All are counts; each is paid for. */
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
] as const;

export type MetricName = (typeof METRICS)[number];

export const METRICS_NAMESPACE = "ChapaPayments";
