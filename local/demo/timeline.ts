import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { DynamoDBRecord } from "aws-lambda";
import { PAYMENT_PREFIX } from "../../lib/contract/table.ts";
import type { HistoryEntry, Payment } from "../../lib/domain/payment.ts";
import type { TransitionName } from "../../lib/domain/vocabulary.ts";
import type { JournalEntry } from "../chapa/journal.ts";
import type { Cloud } from "../cloud.ts";
import { readable } from "../rows.ts";

/** The actor of an entry. */
export type Lane = "clock" | "owner" | "program" | "payments" | "chapa" | "listing" | "notice" | "users" | "redis";

/** One event. `at` in epoch ms of the cloud's clock. */
export type Entry = { at: number; lane: Lane; text: string };

/** Collects the events of all services of a running cloud. */
export class Timeline {
  readonly #cloud: () => Cloud;
  readonly #entries: Entry[] = [];

  constructor(cloud: () => Cloud) {
    this.#cloud = cloud;
  }

  say(lane: Lane, text: string): void {
    this.#entries.push({ at: Date.now(), lane, text });
  }

  /** Receives each change of the table. */
  observe = ({ dynamodb }: DynamoDBRecord): void => {
    const after = paymentOf(dynamodb?.NewImage);
    const before = paymentOf(dynamodb?.OldImage);
    if (!after || after.version === before?.version) {
      if (after?.acknowledgedAt && !before?.acknowledgedAt) {
        this.#entries.push({
          at: after.acknowledgedAt,
          lane: "payments",
          text: "the listing service has acknowledged the result",
        });
      }
      return;
    }
    for (const entry of after.history.slice(before?.history.length ?? 0)) {
      this.#entries.push({ at: entry.at, lane: "payments", text: transitionText(entry, before, after) });
    }
  };

  /** All events in order. */
  entries(): Entry[] {
    const cloud = this.#cloud();
    const chapa = (cloud.chapa?.journal() ?? []).flatMap(chapaEntry);
    const listing = (cloud.services.listing?.confirms() ?? []).map(({ at, body, status, answer }) => ({
      at,
      lane: "listing" as const,
      text: `${body["status"] === "PENDING" ? "preflight" : `gets ${body["status"]}`}: ${listingAnswer(status, answer)}`,
    }));
    const notifications = (cloud.services.notification?.sent() ?? []).map(({ at, subject, message }) => ({
      at,
      lane: "notice" as const,
      text: `“${subject}” ${message}`,
    }));
    const refusals = (cloud.services.notification?.refusals ?? []).map(({ at, status }) => ({
      at,
      lane: "notice" as const,
      text: `a message is refused: ${status}`,
    }));
    return [...this.#entries, ...chapa, ...listing, ...notifications, ...refusals].sort((a, b) => a.at - b.at);
  }
}

function paymentOf(image: NonNullable<DynamoDBRecord["dynamodb"]>["NewImage"]): Payment | undefined {
  if (!image?.["pk"]?.S?.startsWith(PAYMENT_PREFIX)) return undefined;
  return readable(unmarshall(image as Record<string, AttributeValue>));
}

const TRANSITION_TEXTS: Readonly<Record<string, string | undefined>> = {
  claim: "payment stored, before the call to Chapa",
  takeOver: "next attempt",
  open: "checkout stored, ready to be paid",
  reject: "Chapa refuses the data",
  renew: "old checkout closed, next attempt",
  fail: "failed after a failed try; the checkout is closed",
  expire: "not paid in time; the checkout is closed",
  cancel: "cancelled; the checkout is closed",
  reopen: "reopened",
  modeChanged: "a test checkout is left, because the stage takes real money",
  release: "a person lets it go on",
  end: "another checkout has ended",
  leaveTest: "test money is left: a live checkout may follow",
  follow: "left: the fee goes on with its next payment",
  confirm: "verified: paid",
  review: "verified, but the money differs from the order: a person must decide",
  duplicate: "a second capture of a paid fee: a person must decide",
  unmatched: "a capture without a row of ours: a person must decide",
  acceptReview: "a person has accepted the money",
  rejectReview: "a person has not accepted the money",
  flag: "a person must decide",
  answer: "a person has answered",
  wentBack: "verified: refunded or reversed",
  capturedAgain: "verified: the bank returned the money",
  finalise: "finalised: the failure can be delivered to the listing service",
  refundRequested: "a person sends money back",
  refundSent: "the refund is being sent to Chapa",
  refundSettled: "the refund has settled",
  refundRefused: "the refund came to nothing: a person must decide",
  refundUndone: "a settled refund came to nothing: a person must decide",
  notifyAgain: "a person has a message sent once more",
} satisfies Record<TransitionName, string>;

function transitionText(entry: HistoryEntry, before: Payment | undefined, after: Payment): string {
  const states = before && before.state !== after.state ? ` ${before.state} → ${after.state}` : ` ${after.state}`;
  const late = entry.transition === "confirm" && after.late ? " (late)" : "";
  const evidence = entry.evidence ? ` [${entry.evidence}]` : "";
  return `${states.trim()}${late}: ${TRANSITION_TEXTS[entry.transition] ?? entry.transition}${evidence}`;
}

function chapaEntry(entry: JournalEntry): Entry[] {
  if (entry.kind === "request") {
    const call = /^\/v1\/transaction\/(initialize|verify|cancel)/.exec(entry.path)?.[1];
    const verdict = entry.status === null ? "no answer" : String(entry.status);
    return call ? [{ at: entry.at, lane: "chapa", text: `${call} → ${verdict}` }] : [];
  }
  if (entry.kind === "callback") return [];
  const outcome = typeof entry.outcome === "string" ? entry.outcome : JSON.stringify(entry.outcome);
  const again = entry.attempt > 1 ? ` (try ${entry.attempt})` : "";
  return [{ at: entry.at, lane: "chapa", text: `webhook ${entry.event}${again} → ${outcome}` }];
}

function listingAnswer(status: number | undefined, answer: unknown): string {
  if (typeof answer !== "object" || answer === null) return String(status ?? "no answer");
  const { status: word, property_status } = answer as Record<string, unknown>;
  return property_status ? `property is ${property_status}` : String(word ?? status);
}
