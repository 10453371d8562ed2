import type { Contact } from "./contact.ts";
import type { Ref, Uuid } from "./ids.ts";
import type { Santim } from "./money.ts";
import type { Instant } from "./time.ts";

/** A request to pay a fee. `amount` is what the caller believes it costs; absent means whatever it costs. */
export type InitiateCommand = {
  userId: Uuid;
  propertyId: Uuid;
  purpose: string | undefined;
  amount: Santim | undefined;
  requestId: string;
  /** Undefined when the caller has not said how to reach the payer: then they are looked up. */
  contact: Contact | undefined;
  /** Whose calls are counted: the payer's own, or those of the program that asks in their name. */
  caller: string;
};

/** From and to, both included. */
export type Span = { from: Instant; to: Instant };

/** Where a page of payments ends: a payment, and when its first checkout was opened. */
export type PageKey = { ref: Ref; at: Instant };
