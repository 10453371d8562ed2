/** Names of our own metrics; functions count them, dashboards and alarms read them. All are counts. */
export const METRICS = [
  "PaymentOpened",
  "PaymentConfirmed",
  "PaymentConfirmedLate",
  "AttentionRaised",
  "ChapaUnavailable",
  "ChapaMisconfigured",
  "WebhookAccepted",
  "WebhookRefused",
  "ListingHeard",
  "ListingRefusedKey",
  "UserNotified",
  "UserNotificationDropped",
  "RateLimiterFailOpen",
  "ReconcileFinding",
] as const;

export type MetricName = (typeof METRICS)[number];

export const METRICS_NAMESPACE = "ChapaPayments";
