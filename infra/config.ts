import type { EnvText } from "../lib/contract/env.ts";

export const STAGE_NAMES = ["dev", "staging", "prod"] as const;
export type StageName = (typeof STAGE_NAMES)[number];

/** What one stage is told from outside; everything else follows from the stack itself. */
export type StageConfig = {
  stage: StageName;
  region: string;
  /** An address of one's own, with its certificate in the same region; without it the API has API Gateway's address. */
  domain?: { name: string; certificateArn: string };
  /** Where alarms go that need a person at once: e-mail addresses, and https addresses that take messages of SNS. */
  pageTargets: readonly string[];
  /** Where alarms go that can wait for working hours, in the same form. Without a target alarms are only shown. */
  ticketTargets: readonly string[];
  /** Address of docs/runbook.md for the person who reads an alarm; a heading is added after `#`. */
  runbookUrl: string;
  /** Days for which logs are kept. */
  logRetentionDays: 30 | 90 | 365;
  /** Whose key encrypts the table: AWS's own costs nothing, the account's own can be audited and taken away. */
  tableKey: "aws" | "account";
  /** Where Chapa reaches us: a URL of the function's own, or only the API's route, which throttles. */
  webhookIngress: "functionUrl" | "httpApi";
  /** Invocations of the webhook at once. Not in a new account, whose whole quota is 10. */
  webhookConcurrency?: number;
  /** Calls a second, and at once, that the API lets through to any one route. */
  throttle: { rate: number; burst: number };
  /** Values of the functions' environment that differ between stages. */
  values: Pick<
    Required<EnvText>,
    | "CHAPA_BASE_URL"
    | "CHECKOUT_ORIGINS"
    | "EXPECTED_MODE"
    | "USER_MANAGEMENT_URL"
    | "TOKEN_VERIFY"
    | "USER_LOOKUP_PATHS"
    | "PROPERTY_LISTING_SERVICE_URL"
    | "NOTIFICATION_SERVICE_URL"
    | "FRONTEND_REDIRECT_URL"
    | "FRONTEND_PENDING_URL"
    | "FRONTEND_ORIGINS"
    | "SUPPORT_CONTACT"
    | "OPERATOR_IDS"
    | "REFUND_DAILY_LIMIT"
    | "PRICE_BOOK"
    | "PAYMENT_TIMEOUT_DAYS"
    | "CHECKOUT_TTL_MINUTES"
    | "CHECKOUT_LAPSE_MINUTES"
    | "RECHECK_LADDER"
    | "LISTING_HEARS_FAILED"
    | "LISTING_FAILED_AFTER_DAYS"
    | "NOTIFICATIONS_PER_MINUTE"
    | "NOTIFICATION_MAX_AGE_DAYS"
    | "RECONCILE_PAGES"
    | "RATE_LIMIT_INITIATE"
    | "RATE_LIMIT_TOKEN"
    | "RATE_LIMIT_TRIGGERS"
  >;
};

/** Routes that cost more, or tempt more, than others: calls a second, and at once. */
export const ROUTE_THROTTLES: Record<string, { rate: number; burst: number }> = {
  "POST /token": { rate: 5, burst: 10 },
  "POST /api/v1/token": { rate: 5, burst: 10 },
  "ANY /metrics": { rate: 2, burst: 5 },
  "ANY /api/v1/metrics": { rate: 2, burst: 5 },
  $default: { rate: 5, burst: 10 },
};

/** The stage that `cdk synth` makes. Addresses that end in `.invalid` are replaced before it is deployed anywhere. */
export const DEV: StageConfig = {
  stage: "dev",
  region: "eu-west-1",
  pageTargets: [],
  ticketTargets: [],
  runbookUrl: "https://code.rental.invalid/docs/runbook.md",
  logRetentionDays: 30,
  tableKey: "aws",
  webhookIngress: "functionUrl",
  throttle: { rate: 50, burst: 100 },
  values: {
    CHAPA_BASE_URL: "https://api.chapa.co/v1",
    CHECKOUT_ORIGINS: "https://checkout.chapa.co",
    EXPECTED_MODE: "test",
    USER_MANAGEMENT_URL: "https://users.rental.invalid/api/v1",
    TOKEN_VERIFY: "remote",
    USER_LOOKUP_PATHS: "/users/{id},/admin/users/{id}",
    PROPERTY_LISTING_SERVICE_URL: "https://listings.rental.invalid/api/v1",
    NOTIFICATION_SERVICE_URL: "https://notifications.rental.invalid/api/v1",
    FRONTEND_REDIRECT_URL: "https://app.rental.invalid/payment/success",
    FRONTEND_PENDING_URL: "",
    FRONTEND_ORIGINS: "https://app.rental.invalid",
    SUPPORT_CONTACT: "",
    OPERATOR_IDS: "",
    REFUND_DAILY_LIMIT: "5000",
    PRICE_BOOK: JSON.stringify({ listing_fee: { amounts: ["500.00"] } }),
    PAYMENT_TIMEOUT_DAYS: "7",
    CHECKOUT_TTL_MINUTES: "60",
    CHECKOUT_LAPSE_MINUTES: "60",
    RECHECK_LADDER: "2m,5m,10m,20m,65m,6h,1d",
    LISTING_HEARS_FAILED: "true",
    LISTING_FAILED_AFTER_DAYS: "14",
    NOTIFICATIONS_PER_MINUTE: "8",
    NOTIFICATION_MAX_AGE_DAYS: "13",
    RECONCILE_PAGES: "2000",
    RATE_LIMIT_INITIATE: "10",
    RATE_LIMIT_TOKEN: "10",
    RATE_LIMIT_TRIGGERS: "60",
  },
};

const STAGING: StageConfig = { ...DEV, stage: "staging", logRetentionDays: 90 };

const PROD: StageConfig = {
  ...DEV,
  stage: "prod",
  logRetentionDays: 365,
  tableKey: "account",
  webhookConcurrency: 20,
  throttle: { rate: 200, burst: 400 },
  values: { ...DEV.values, EXPECTED_MODE: "live" },
};

export const STAGES: Record<StageName, StageConfig> = { dev: DEV, staging: STAGING, prod: PROD };
