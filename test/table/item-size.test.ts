import { marshall } from "@aws-sdk/util-dynamodb";
import { expect, test } from "vitest";
import { finalise } from "../../lib/domain/apply.ts";
import { DAY_MS } from "../../lib/domain/time.ts";
import { STATES } from "../../lib/domain/vocabulary.ts";
import { toItem } from "../../lib/table/payment-item.ts";
import { itemSize } from "../support/item-size.ts";
import {
  aClaim,
  aContext,
  aConfirmed,
  anOpened,
  aReviewed,
  aSettled,
  LATER,
  T0,
  UNPAID_TRANSITIONS,
} from "../support/payments.ts";

const ONE_UNIT_BYTES = 1_024;
const YEAR_MS = 365 * DAY_MS;
const unpaid = UNPAID_TRANSITIONS.map((transition) => aSettled(transition));
const PAYMENTS = [
  aClaim(),
  anOpened(),
  aConfirmed(),
  aReviewed(),
  ...unpaid,
  ...unpaid.map((payment) => finalise(payment, payment.attempt, aContext(T0 + YEAR_MS))),
  // Money that came after everything else.
  ...unpaid.map((payment) => aConfirmed(payment)),
];

test.each(STATES)("a payment in %s with one attempt, no decision and no refund is written with one unit", (state) => {
  const sizes = PAYMENTS.filter((payment) => payment.state === state).map((payment) =>
    itemSize(marshall(toItem({ ...payment, requestId: payment.userId, acknowledgedAt: LATER.now, sentAt: LATER.now }))),
  );
  expect(sizes).not.toEqual([]);
  expect(Math.max(...sizes)).toBeLessThan(ONE_UNIT_BYTES);
});
