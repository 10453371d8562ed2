/** The one table: the stack and the local cloud create it, `lib/table` uses it. */
export const TABLE = {
  partitionKey: { name: "pk", type: "S" },
  /** Epoch seconds. */
  ttlAttribute: "ttl",
  streamView: "NEW_AND_OLD_IMAGES",
  /** Each projects keys only. */
  indexes: [
    { name: "due", partitionKey: { name: "due_shard", type: "S" }, sortKey: { name: "due_at", type: "N" } },
    { name: "by-user", partitionKey: { name: "user_id", type: "S" }, sortKey: { name: "first_opened_at", type: "N" } },
    { name: "by-day", partitionKey: { name: "day", type: "S" }, sortKey: { name: "first_opened_at", type: "N" } },
    { name: "by-attention", partitionKey: { name: "flag_shard", type: "S" }, sortKey: { name: "flag_at", type: "N" } },
  ],
} as const;

/** Prefix of payment rows. The stream's filter recognises them by it. */
export const PAYMENT_PREFIX = "P#";
