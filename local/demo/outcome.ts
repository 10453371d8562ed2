import * as z from "zod";
import type { GaugeName } from "../../lib/contract/metrics.ts";
import type { QueueName } from "../../lib/contract/queues.ts";
import { PAYMENT_PREFIX } from "../../lib/contract/table.ts";
import { paymentIdOf, Ref, txRefOf } from "../../lib/domain/ids.ts";
import { openFlags, refundableOf } from "../../lib/domain/payment.ts";
import { WIRE_STATUS } from "../../lib/domain/vocabulary.ts";
import { publishAttention } from "../../lib/flows/publish-attention.ts";
import { documentClient } from "../../lib/table/client.ts";
import { FLAG_SHARDS } from "../../lib/table/keys.ts";
import { PaymentTable } from "../../lib/table/payments.ts";
import type { Cloud } from "../cloud.ts";
import { TABLE_NAME, TX_STAGE } from "../environment.ts";

const QUEUE_NAMES = ["resolve", "listing", "notification", "success"] as const satisfies readonly QueueName[];

const Order = z.looseObject({ email: z.string().default("") });

/** The state of all services at the end of a scenario. Checks read nothing else. */
export type Outcome = {
  /** Answers to requests, in order. `asked` names the kind of request. */
  answers: {
    asked: string;
    status: number;
    body: Record<string, unknown>;
    location: string | null;
    retryAfter: string | null;
  }[];
  payments: {
    id: string;
    propertyId: string | undefined;
    state: string;
    status: string;
    late: boolean;
    finalised: boolean;
    /** Open attention codes. */
    attention: string[];
    /** References of the checkouts that were opened, and of those with a capture. */
    opened: string[];
    captured: string[];
    /** What is left of the captured money, in birr. */
    left: number;
    refunds: { amount: number; state: string }[];
    isAcknowledged: boolean;
    failureReason: string | undefined;
  }[];
  /** Rows of payments that the service cannot read. */
  unreadable: { id: string; schema: number; state: string }[];
  /** Chapa's ledger. */
  transactions: { txRef: string; state: string }[];
  captures: { txRef: string; amount: number }[];
  listings: { id: string; status: string; paymentStatus: string }[];
  /** The results that the listing service received, without preflights. */
  confirms: { propertyId: string; status: string }[];
  /** The payer's messages. */
  notifications: { eventType: string; message: string }[];
  /** How many messages the notification service refused. */
  refusedNotifications: number;
  /** Messages of all queues that were given up. */
  deadLetters: number;
  /** What the gauges of attention show. */
  gauges: Record<GaugeName, number>;
  /** Number of requests to Chapa to send money back. */
  refundCalls: number;
  /** Number of verify requests to Chapa. */
  verifies: number;
  /** The e-mail addresses with which checkouts were asked for at Chapa, in order. */
  emails: string[];
};

/** Reads the present state of all services of a cloud. */
export async function outcomeOf(cloud: Cloud, answers: Outcome["answers"]): Promise<Outcome> {
  const payments = await cloud.rows.payments();
  const unreadable = await cloud.rows.unreadable();
  const confirms = cloud.services.listing?.confirms() ?? [];
  return {
    answers,
    payments: payments.map((payment) => ({
      id: paymentIdOf(payment.ref),
      propertyId: payment.propertyId,
      state: payment.state,
      status: WIRE_STATUS[payment.state],
      late: payment.late ?? false,
      finalised: payment.finalised ?? false,
      attention: openFlags(payment),
      opened: Object.keys(payment.attempts).map((attempt) => txRefOf(payment, Number(attempt))),
      captured: payment.captures.map(({ attempt }) => txRefOf(payment, attempt)),
      left: refundableOf(payment) / 100,
      refunds: (payment.refunds ?? []).map(({ amount, state }) => ({ amount: amount / 100, state })),
      isAcknowledged: payment.acknowledgedAt !== undefined,
      failureReason: payment.failureReason,
    })),
    unreadable: unreadable.map((row) => ({
      id: paymentIdOf(Ref.parse(String(row["pk"]).slice(PAYMENT_PREFIX.length))),
      schema: Number(row["schema"]),
      state: String(row["state"]),
    })),
    transactions: (cloud.chapa?.transactions() ?? []).map(({ txRef, state }) => ({ txRef, state })),
    captures: (cloud.chapa?.captures() ?? []).map(({ txRef, amount }) => ({ txRef, amount })),
    listings: (cloud.services.listing?.properties() ?? []).map(({ id, status, paymentStatus }) => ({
      id,
      status,
      paymentStatus,
    })),
    confirms: confirms
      .map(({ body }) => ({ propertyId: String(body["property_id"]), status: String(body["status"]) }))
      .filter(({ status }) => status !== "PENDING"),
    gauges: await gaugesOf(cloud),
    notifications: (cloud.services.notification?.sent() ?? []).map(({ eventType, message }) => ({
      eventType,
      message: message ?? "",
    })),
    refusedNotifications: cloud.services.notification?.refusals.length ?? 0,
    deadLetters: QUEUE_NAMES.reduce((count, name) => count + cloud.queues.state(name).dead.length, 0),
    refundCalls: (cloud.chapa?.journal() ?? []).filter(
      (entry) => entry.kind === "request" && entry.method === "POST" && entry.path.startsWith("/v1/refund/"),
    ).length,
    verifies: (cloud.chapa?.journal() ?? []).filter(
      (entry) => entry.kind === "request" && entry.path.startsWith("/v1/transaction/verify/"),
    ).length,
    emails: (cloud.chapa?.journal() ?? []).flatMap((entry) =>
      entry.kind === "request" && entry.path === "/v1/transaction/initialize"
        ? Order.parse(JSON.parse(String(entry.body))).email
        : [],
    ),
  };
}

/** Returns what the sweep publishes. Locally nobody keeps metrics. */
async function gaugesOf({ clock }: Cloud): Promise<Outcome["gauges"]> {
  const gauges: Outcome["gauges"] = { OpenAttention: 0, OldestAttentionSeconds: 0 };
  const gauge = (name: GaugeName, value: number) => {
    gauges[name] = value;
  };
  const payments = new PaymentTable(documentClient(), TABLE_NAME, TX_STAGE);
  await publishAttention({ payments, flagShards: FLAG_SHARDS, clock, gauge });
  return gauges;
}
