import { Logger } from "@aws-lambda-powertools/logger";
import { invocationFields } from "./invocation.ts";

/**
 * The name of every log record. A record carries ids, codes and durations; never a body, a header, an e-mail address, a
 * phone number, a token or a key.
 */
export type LogMessage =
  | "request_failed"
  | "dependency_failed"
  | "secret_malformed"
  | "initiate_refused"
  | "checkout_opened"
  | "checkout_held"
  | "checkout_not_opened"
  | "unmatched_checkout"
  | "contact_not_stored"
  | "key_mode_wrong"
  | "customer_lookup_failed"
  | "payment_transitioned"
  | "reconcile_asked"
  | "refund_requested"
  | "refund_sent"
  | "payments_paused"
  | "payments_resumed"
  | "refund_asked"
  | "refund_paused"
  | "refund_decided"
  | "verification_ended"
  | "verification_suppressed"
  | "webhook_refused"
  | "message_failed"
  | "message_malformed"
  | "sweep_done"
  | "published"
  | "attention_raised"
  | "deadline_missed"
  | "listing_answered"
  | "listing_refused_key"
  | "listing_approval_unknown"
  | "listing_delivery_withheld"
  | "user_notified"
  | "notification_refused"
  | "user_notification_dropped"
  | "totals_not_counted"
  | "redis_failed"
  | "verification_not_requested"
  | "reconcile_finding"
  | "row_unreadable"
  | "row_word_unknown"
  | "reconciled";

export type LogFields = Record<string, string | number | boolean | undefined>;

const logger = new Logger({ serviceName: "payments" });

export const log = {
  info: (message: LogMessage, fields: LogFields = {}) => logger.info(message, { ...invocationFields(), ...fields }),
  warn: (message: LogMessage, fields: LogFields = {}) => logger.warn(message, { ...invocationFields(), ...fields }),
  error: (message: LogMessage, fields: LogFields = {}) => logger.error(message, { ...invocationFields(), ...fields }),
};
export type Log = typeof log;
