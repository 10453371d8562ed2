import type { Contact } from "./contact.ts";
import type { Ref, Uuid } from "./ids.ts";
import type { Santim } from "./money.ts";
import type { Instant } from "./time.ts";

/** A request to pay a fee. `amount` and `currency` are the price that the caller expects; undefined accepts any. */
export type InitiateCommand = {
  userId: Uuid;
  propertyId: Uuid;
  purpose: string | undefined;
  amount: Santim | undefined;
  currency: string | undefined;
  requestId: string;
  /** Undefined if the caller did not say how to reach the payer; then we look them up. */
  contact: Contact | undefined;
  /** Whose rate limit counts the call: the payer's, or that of the program that asks on their behalf. */
  caller: string;
  /** The caller's own limit, if they have one. */
  callsPerMinute?: number | undefined;
  /** Who asks in the owner's name, as a link made by support, and why; undefined if nobody has to know. */
  support?: { by: string; reason: string } | undefined;
};

/** A span of time; both ends are included. */
export type Span = { from: Instant; to: Instant };

/** Where a page of payments ends: a payment, and the time at which its first checkout was opened. */
export type PageKey = { ref: Ref; at: Instant };

/** A refund that somebody asks for, and the version of the payment that they saw. */
export type RefundCommand = {
  id: string;
  /** Chapa's reference of the money. */
  capture: string | undefined;
  amount: Santim | undefined;
  reason: string;
  version: number;
  by: string;
};
