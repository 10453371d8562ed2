import { PAYMENT_PREFIX } from "../contract/table.ts";
import type { Ref } from "../domain/ids.ts";
import { addisAbabaDay, type Instant } from "../domain/time.ts";
import type { UserEvent } from "../domain/vocabulary.ts";

/** The buckets of the `due` index. They spread its load. */
export const DUE_SHARDS = ["0", "1", "2", "3"] as const;

/** The buckets of the `by-attention` index. */
export const FLAG_SHARDS = ["0", "1"] as const;

export const paymentKey = (ref: Ref) => ({ pk: `${PAYMENT_PREFIX}${ref}` });
export const requestKey = (hash: string) => ({ pk: `R#${hash}` });
export const contactKey = (ref: Ref) => ({ pk: `C#${ref}` });
export const reconcileKey = { pk: "H#reconcile" };
export const findingsKey = { pk: "H#findings" };
export const notificationPauseKey = { pk: "H#notification" };
export const gatewayHealthKey = { pk: "H#chapa" };
export const versionMarkKey = (ref: Ref, version: number) => ({ pk: `N#${ref}#${version}` });
export const messageMarkKey = (ref: Ref, version: number, event: UserEvent) => ({ pk: `N#${ref}#${version}#${event}` });
export const tableIdentityKey = { pk: "H#table" };
/** The key under which Chapa's own reference leads to a payment. */
export const pointerKey = (reference: string) => ({ pk: `X#${reference}` });
/** The key of the mark that a row of another program in Chapa's list was named. */
export const foreignKey = (id: string) => ({ pk: `F#${id}` });
/** The key of what one actor has sent back on a day in Addis Ababa. */
export const refundLimitKey = (actor: string, day: string) => ({ pk: `L#${actor}#${day}` });
export const totalsKey = (day: string) => ({ pk: `T#${day}` });

/** Returns the bucket of a payment. It depends on the ref's last character, which is as random as the rest. */
export function shardOf(ref: Ref): string {
  return String(ref.charCodeAt(ref.length - 1) % DUE_SHARDS.length);
}

/** Returns the bucket in the `by-attention` index of a payment that needs a person. */
export function flagShardOf(ref: Ref): string {
  return String(ref.charCodeAt(ref.length - 1) % FLAG_SHARDS.length);
}

/** Returns the key in the `by-day` index: the day of the first checkout in Addis Ababa, and the bucket. */
export function dayKey(ref: Ref, firstOpenedAt: Instant): string {
  return `${addisAbabaDay(firstOpenedAt)}#${shardOf(ref)}`;
}

/** Returns all buckets of a day in the `by-day` index. */
export function dayBuckets(day: string): string[] {
  return DUE_SHARDS.map((shard) => `${day}#${shard}`);
}
