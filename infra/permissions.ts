import type { FunctionName } from "../lib/contract/functions.ts";
import type { QueueName } from "../lib/contract/queues.ts";
import type { TABLE } from "../lib/contract/table.ts";

type IndexName = (typeof TABLE)["indexes"][number]["name"];
export type SecretName = "webhook" | "auth" | "gateway";

/** What a function may touch beside its own logs and the source that triggers it. Nothing may scan. */
export type Permission = {
  readonly table: readonly string[];
  /** Indexes that it may query. */
  readonly indexes?: readonly IndexName[];
  readonly secrets?: readonly SecretName[];
  readonly send?: readonly (QueueName | "notification dead")[];
  readonly receive?: readonly QueueName[];
};

export const PERMISSIONS: Record<FunctionName, Permission> = {
  "initiate-payment": { table: ["GetItem", "PutItem", "UpdateItem", "DeleteItem"], secrets: ["auth", "gateway"] },
  "get-payment-status": { table: ["GetItem", "UpdateItem"], secrets: ["auth"], send: ["resolve"] },
  "get-payment": { table: ["GetItem"], secrets: ["auth"] },
  "get-payment-by-request": { table: ["GetItem"], secrets: ["auth"] },
  "get-payment-by-reference": { table: ["GetItem"], secrets: ["auth"] },
  "list-payments": {
    table: ["BatchGetItem"],
    indexes: ["by-user", "by-property", "by-day", "by-attention"],
    secrets: ["auth"],
  },
  "verify-payment": { table: ["GetItem", "PutItem", "UpdateItem"], secrets: ["auth", "gateway"] },
  "cancel-payment": { table: ["GetItem", "PutItem", "UpdateItem"], secrets: ["auth", "gateway"] },
  "answer-attention": { table: ["GetItem", "UpdateItem"], secrets: ["auth"] },
  "answer-many": { table: ["BatchGetItem", "GetItem", "UpdateItem"], indexes: ["by-attention"], secrets: ["auth"] },
  "release-payment": { table: ["GetItem", "UpdateItem"], secrets: ["auth"] },
  "review-payment": { table: ["GetItem", "PutItem", "UpdateItem"], secrets: ["auth", "gateway"] },
  "refund-payment": { table: ["GetItem", "UpdateItem"], secrets: ["auth", "gateway"] },
  "get-deliveries": { table: ["BatchGetItem", "GetItem"], secrets: ["auth"] },
  "get-totals": { table: ["BatchGetItem"], secrets: ["auth"] },
  "get-overview": { table: ["BatchGetItem", "GetItem"], indexes: ["due", "by-attention"], secrets: ["auth"] },
  "get-comparison": { table: ["GetItem"], secrets: ["auth"] },
  "reconcile-now": {
    table: ["BatchGetItem", "GetItem", "PutItem", "UpdateItem"],
    indexes: ["by-day"],
    secrets: ["auth", "gateway"],
  },
  "pause-payments": { table: ["GetItem", "PutItem"], secrets: ["auth"] },
  "notify-again": {
    table: ["GetItem", "UpdateItem"],
    secrets: ["auth"],
    send: ["listing", "notification", "success"],
  },
  "create-token": { table: [], secrets: ["auth"] },
  "get-health": { table: ["GetItem"] },
  "get-metrics": { table: ["BatchGetItem"] },
  "get-openapi": { table: [] },
  "get-docs": { table: [] },
  "get-console": { table: [] },
  "no-route": { table: [] },
  "payment-return": { table: ["GetItem", "PutItem", "UpdateItem"], secrets: ["auth", "gateway"] },
  "payment-checkout": { table: ["GetItem", "PutItem", "UpdateItem", "DeleteItem"], secrets: ["auth", "gateway"] },
  "payment-receipt": { table: ["GetItem"], secrets: ["auth"] },
  "chapa-webhook": { table: ["GetItem"], secrets: ["webhook"], send: ["resolve"] },
  "resolve-payment": {
    table: ["GetItem", "PutItem", "UpdateItem"],
    secrets: ["auth", "gateway"],
    send: ["resolve"],
    receive: ["resolve"],
  },
  "timeout-payments": {
    table: ["BatchGetItem", "PutItem", "UpdateItem"],
    indexes: ["due", "by-attention"],
    secrets: ["gateway"],
    send: ["resolve", "listing", "notification", "success"],
  },
  "reconcile-payments": {
    table: ["BatchGetItem", "GetItem", "PutItem", "UpdateItem"],
    indexes: ["by-day"],
    secrets: ["gateway"],
  },
  "publish-events": { table: ["PutItem", "UpdateItem"], send: ["listing", "notification", "success"] },
  "notify-listing": {
    table: ["BatchGetItem", "GetItem", "UpdateItem"],
    indexes: ["by-property"],
    secrets: ["gateway"],
    receive: ["listing"],
  },
  "notify-user": {
    table: ["GetItem", "PutItem"],
    secrets: ["auth", "gateway"],
    send: ["notification", "success", "notification dead"],
    receive: ["notification", "success"],
  },
};
