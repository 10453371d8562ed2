/** The one table, as the stack and the laptop create it and as `lib/table` uses it. */
export const TABLE = {
  partitionKey: { name: "pk", type: "S" },
  /** Epoch seconds. */
  ttlAttribute: "ttl",
  streamView: "NEW_AND_OLD_IMAGES",
  /** All project keys only. */
  indexes: [
    { name: "due", partitionKey: { name: "due_shard", type: "S" }, sortKey: { name: "due_at", type: "N" } },
    { name: "by-user", partitionKey: { name: "user_id", type: "S" }, sortKey: { name: "first_opened_at", type: "N" } },
    { name: "by-day", partitionKey: { name: "day", type: "S" }, sortKey: { name: "first_opened_at", type: "N" } },
  ],
} as const;

/** Rows of payments, as the stream's filter tells them from the others. */
export const PAYMENT_PREFIX = "P#";
