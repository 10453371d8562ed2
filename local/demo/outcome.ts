import { paymentIdOf, txRefOf } from "../../lib/domain/ids.ts";
import { openFlags } from "../../lib/domain/payment.ts";
import { WIRE_STATUS } from "../../lib/domain/vocabulary.ts";
import type { Cloud } from "../cloud.ts";

/** How everything stands at the end of a scenario, on every side. Checks read nothing else. */
export type Outcome = {
  /** Answers to the owner, in order: what was asked, and what came. */
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
    /** Codes that wait for a person. */
    attention: string[];
    /** References of the checkouts that were opened, and of those that took money. */
    opened: string[];
    captured: string[];
    isAcknowledged: boolean;
    failureReason: string | undefined;
  }[];
  /** Chapa's own books. */
  transactions: { txRef: string; state: string }[];
  captures: { txRef: string; amount: number }[];
  listings: { id: string; status: string; paymentStatus: string }[];
  /** What the listing was told, without questions. */
  confirms: { propertyId: string; status: string }[];
  /** What the payer was told. */
  notifications: { eventType: string; message: string }[];
  /** Questions to Chapa about money. */
  verifies: number;
};

/** Reads every side of a cloud as it is now. */
export async function outcomeOf(cloud: Cloud, answers: Outcome["answers"]): Promise<Outcome> {
  const payments = await cloud.rows.payments();
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
      opened: Object.keys(payment.attempts).map((attempt) => txRefOf(payment.ref, Number(attempt))),
      captured: payment.captures.map(({ attempt }) => txRefOf(payment.ref, attempt)),
      isAcknowledged: payment.acknowledgedAt !== undefined,
      failureReason: payment.failureReason,
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
    notifications: (cloud.services.notification?.sent() ?? []).map(({ eventType, message }) => ({
      eventType,
      message: message ?? "",
    })),
    verifies: (cloud.chapa?.journal() ?? []).filter(
      (entry) => entry.kind === "request" && entry.path.startsWith("/v1/transaction/verify/"),
    ).length,
  };
}
