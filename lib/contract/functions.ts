import type { Variable } from "./env.ts";
import type { QueueName } from "./queues.ts";

/**
 * A Lambda function: what starts it, how long it may run, and which variables it gets. Each has a file of the same name
 * in `functions/`. The routes that name an `http` function start it.
 */
export type FunctionSpec = {
  readonly trigger:
    | { readonly kind: "http" }
    | { readonly kind: "queue"; readonly queue: QueueName; readonly batch: number }
    | { readonly kind: "schedule"; readonly everyMinutes: number }
    | { readonly kind: "stream"; readonly batch: number };
  /**
   * Seconds. Longer than the longest path through the function, so that our own deadlines end it before Lambda does.
   */
  readonly timeoutSeconds: number;
  /**
   * Lambda gives more CPU with more memory: 256 for functions that mostly wait for others, 512 for functions that
   * mostly compute.
   */
  readonly memoryMb: number;
  readonly env: readonly Variable[];
};

const GATEWAY = ["GATEWAY_SECRET_ARN", "CHAPA_BASE_URL", "CHECKOUT_ORIGINS"] as const;
const CALLER = ["AUTH_SECRET_ARN", "USER_MANAGEMENT_URL", "TOKEN_VERIFY"] as const satisfies readonly Variable[];
const POLICY = [
  "PAYMENT_TIMEOUT_DAYS",
  "CHECKOUT_TTL_MINUTES",
  "CHECKOUT_LAPSE_MINUTES",
  "EXPECTED_MODE",
  "RECHECK_LADDER",
  "LISTING_HEARS_FAILED",
  "LISTING_FAILED_AFTER_DAYS",
  "PRICE_BOOK",
] as const satisfies readonly Variable[];

const PAGES = ["FRONTEND_ORIGINS", "SUPPORT_CONTACT"] as const;
const TABLE = ["TABLE_NAME", "TX_STAGE"] as const satisfies readonly Variable[];

export const FUNCTIONS = {
  "initiate-payment": {
    trigger: { kind: "http" },
    timeoutSeconds: 15,
    memoryMb: 256,
    env: [
      ...TABLE,
      ...CALLER,
      ...GATEWAY,
      ...POLICY,
      "BASE_URL",
      "USER_LOOKUP_PATHS",
      "RATE_LIMIT_INITIATE",
      "OPERATOR_IDS",
    ],
  },
  "get-payment-status": {
    trigger: { kind: "http" },
    timeoutSeconds: 10,
    memoryMb: 512,
    env: [...TABLE, "RESOLVE_QUEUE_URL", ...CALLER, ...POLICY],
  },
  "get-payment": {
    trigger: { kind: "http" },
    timeoutSeconds: 10,
    memoryMb: 256,
    env: [...TABLE, ...CALLER, ...POLICY],
  },
  "get-payment-by-request": {
    trigger: { kind: "http" },
    timeoutSeconds: 10,
    memoryMb: 256,
    env: [...TABLE, ...CALLER, "BASE_URL"],
  },
  "get-payment-by-reference": {
    trigger: { kind: "http" },
    timeoutSeconds: 10,
    memoryMb: 256,
    env: [...TABLE, ...CALLER, ...POLICY],
  },
  "list-payments": {
    trigger: { kind: "http" },
    timeoutSeconds: 15,
    memoryMb: 256,
    env: [...TABLE, ...CALLER, ...POLICY],
  },
  "verify-payment": {
    trigger: { kind: "http" },
    timeoutSeconds: 15,
    memoryMb: 256,
    env: [...TABLE, ...CALLER, ...GATEWAY, ...POLICY],
  },
  "cancel-payment": {
    trigger: { kind: "http" },
    timeoutSeconds: 15,
    memoryMb: 256,
    env: [...TABLE, ...CALLER, ...GATEWAY, ...POLICY],
  },
  "answer-attention": {
    trigger: { kind: "http" },
    timeoutSeconds: 10,
    memoryMb: 256,
    env: [...TABLE, ...CALLER, ...POLICY, "OPERATOR_IDS"],
  },
  "answer-many": {
    trigger: { kind: "http" },
    timeoutSeconds: 29,
    memoryMb: 256,
    env: [...TABLE, ...CALLER, ...POLICY, "OPERATOR_IDS"],
  },
  "release-payment": {
    trigger: { kind: "http" },
    timeoutSeconds: 10,
    memoryMb: 256,
    env: [...TABLE, ...CALLER, ...POLICY, "OPERATOR_IDS"],
  },
  "review-payment": {
    trigger: { kind: "http" },
    timeoutSeconds: 29,
    memoryMb: 256,
    env: [...TABLE, ...CALLER, ...GATEWAY, ...POLICY, "OPERATOR_IDS", "REFUND_DAILY_LIMIT"],
  },
  "refund-payment": {
    trigger: { kind: "http" },
    timeoutSeconds: 15,
    memoryMb: 256,
    env: [...TABLE, ...CALLER, ...GATEWAY, ...POLICY, "OPERATOR_IDS", "REFUND_DAILY_LIMIT"],
  },
  "get-deliveries": {
    trigger: { kind: "http" },
    timeoutSeconds: 10,
    memoryMb: 256,
    env: [...TABLE, ...CALLER, ...POLICY],
  },
  "get-totals": { trigger: { kind: "http" }, timeoutSeconds: 10, memoryMb: 256, env: ["TABLE_NAME", ...CALLER] },
  "get-overview": {
    trigger: { kind: "http" },
    timeoutSeconds: 15,
    memoryMb: 512,
    env: [...TABLE, ...CALLER, ...POLICY],
  },
  "get-comparison": { trigger: { kind: "http" }, timeoutSeconds: 10, memoryMb: 256, env: ["TABLE_NAME", ...CALLER] },
  "reconcile-now": {
    trigger: { kind: "http" },
    timeoutSeconds: 25,
    memoryMb: 256,
    env: [...TABLE, ...CALLER, ...GATEWAY, ...POLICY, "RECONCILE_PAGES", "OPERATOR_IDS"],
  },
  "pause-payments": {
    trigger: { kind: "http" },
    timeoutSeconds: 10,
    memoryMb: 256,
    env: ["TABLE_NAME", ...CALLER, "OPERATOR_IDS"],
  },
  "notify-again": {
    trigger: { kind: "http" },
    timeoutSeconds: 10,
    memoryMb: 256,
    env: [
      ...TABLE,
      ...CALLER,
      ...POLICY,
      "OPERATOR_IDS",
      "LISTING_QUEUE_URL",
      "NOTIFICATION_QUEUE_URL",
      "SUCCESS_QUEUE_URL",
    ],
  },
  "create-token": {
    trigger: { kind: "http" },
    timeoutSeconds: 10,
    memoryMb: 256,
    env: ["AUTH_SECRET_ARN", "USER_MANAGEMENT_URL", "RATE_LIMIT_TOKEN"],
  },
  "get-health": { trigger: { kind: "http" }, timeoutSeconds: 5, memoryMb: 256, env: ["TABLE_NAME"] },
  "get-metrics": { trigger: { kind: "http" }, timeoutSeconds: 10, memoryMb: 256, env: ["TABLE_NAME"] },
  "no-route": { trigger: { kind: "http" }, timeoutSeconds: 5, memoryMb: 256, env: [] },
  "get-openapi": { trigger: { kind: "http" }, timeoutSeconds: 5, memoryMb: 256, env: [] },
  "get-docs": { trigger: { kind: "http" }, timeoutSeconds: 10, memoryMb: 512, env: [] },
  "get-console": { trigger: { kind: "http" }, timeoutSeconds: 5, memoryMb: 256, env: [] },
  "payment-return": {
    trigger: { kind: "http" },
    timeoutSeconds: 15,
    memoryMb: 256,
    env: [
      ...TABLE,
      "AUTH_SECRET_ARN",
      ...GATEWAY,
      ...POLICY,
      "RATE_LIMIT_TRIGGERS",
      "FRONTEND_REDIRECT_URL",
      "FRONTEND_PENDING_URL",
      ...PAGES,
    ],
  },
  "payment-checkout": {
    trigger: { kind: "http" },
    timeoutSeconds: 15,
    memoryMb: 256,
    env: [
      ...TABLE,
      "AUTH_SECRET_ARN",
      "USER_MANAGEMENT_URL",
      "USER_LOOKUP_PATHS",
      ...GATEWAY,
      ...POLICY,
      "BASE_URL",
      ...PAGES,
    ],
  },
  "payment-receipt": {
    trigger: { kind: "http" },
    timeoutSeconds: 10,
    memoryMb: 256,
    env: [...TABLE, "AUTH_SECRET_ARN", ...PAGES],
  },
  "chapa-webhook": {
    trigger: { kind: "http" },
    timeoutSeconds: 5,
    memoryMb: 512,
    env: [...TABLE, "RESOLVE_QUEUE_URL", "WEBHOOK_SECRET_ARN", "BASE_URL", "RATE_LIMIT_TRIGGERS"],
  },
  "resolve-payment": {
    trigger: { kind: "queue", queue: "resolve", batch: 5 },
    timeoutSeconds: 60,
    memoryMb: 256,
    env: [...TABLE, "RESOLVE_QUEUE_URL", "AUTH_SECRET_ARN", ...GATEWAY, ...POLICY, "RATE_LIMIT_TRIGGERS"],
  },
  "timeout-payments": {
    trigger: { kind: "schedule", everyMinutes: 1 },
    timeoutSeconds: 50,
    memoryMb: 256,
    env: [
      ...TABLE,
      "RESOLVE_QUEUE_URL",
      "LISTING_QUEUE_URL",
      "NOTIFICATION_QUEUE_URL",
      "SUCCESS_QUEUE_URL",
      ...GATEWAY,
      ...POLICY,
    ],
  },
  // The comparison runs once a day. The other hourly runs continue one that was cut short, or find it done.
  "reconcile-payments": {
    trigger: { kind: "schedule", everyMinutes: 60 },
    timeoutSeconds: 300,
    memoryMb: 256,
    env: [...TABLE, ...GATEWAY, ...POLICY, "RECONCILE_PAGES"],
  },
  "publish-events": {
    trigger: { kind: "stream", batch: 25 },
    timeoutSeconds: 30,
    memoryMb: 256,
    env: [...TABLE, "LISTING_QUEUE_URL", "NOTIFICATION_QUEUE_URL", "SUCCESS_QUEUE_URL", "PRICE_BOOK", "EXPECTED_MODE"],
  },
  "notify-listing": {
    trigger: { kind: "queue", queue: "listing", batch: 1 },
    timeoutSeconds: 100,
    memoryMb: 256,
    env: [...TABLE, "LISTING_QUEUE_URL", "GATEWAY_SECRET_ARN", "PROPERTY_LISTING_SERVICE_URL", ...POLICY],
  },
  "notify-user": {
    trigger: { kind: "schedule", everyMinutes: 1 },
    timeoutSeconds: 58,
    memoryMb: 256,
    env: [
      ...TABLE,
      "NOTIFICATION_QUEUE_URL",
      "SUCCESS_QUEUE_URL",
      "NOTIFICATION_DLQ_URL",
      "GATEWAY_SECRET_ARN",
      "NOTIFICATION_SERVICE_URL",
      "BASE_URL",
      "AUTH_SECRET_ARN",
      "NOTIFICATIONS_PER_MINUTE",
      "NOTIFICATION_MAX_AGE_DAYS",
    ],
  },
} as const satisfies Record<string, FunctionSpec>;

export type FunctionName = keyof typeof FUNCTIONS;
