// The names under which merchants have seen refunds and reversals come. `refund.reversed` and `refund.failed` say that a
// refund came to nothing.
const MONEY_WENT_BACK = ["charge.refunded", "charge.reversed", "refund.success", "refund.completed", "refund.refunded"];

/** Whether a webhook's event says that money went back to the payer. */
export function saysMoneyWentBack(event: string | undefined): boolean {
  return event !== undefined && MONEY_WENT_BACK.includes(event.toLowerCase());
}
