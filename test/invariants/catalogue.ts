/** What must hold whatever goes wrong, by the name under which a violation is reported. */
export const INVARIANTS = {
  I1: "each attempt has one URL, and only the stored one is ever given out",
  I2: "money that was captured is recorded by Chapa's reference, or a person is called about it; what is not the one confirmed capture has a call of its own",
  I3: "a success is acknowledged by the listing, or in front of a person; the listing approves nothing else",
  I4: "nothing is given up that Chapa, asked at the second verify, would have called paid; no payer who paid while their link was open is told FAILED, nor any whose payment is SUCCESS or in REVIEW",
  I5: "a payment becomes SUCCESS once, and its payer is told so, and not before",
  I6: "Chapa has no transaction of which no row speaks",
  I7: "SUCCESS rests on a capture that equals what was asked or that a person accepted, and no row names money that Chapa did not take",
  I8: "an owner who asks again gets a URL or a final answer, and everything comes to rest",
  I9: "SUCCESS never goes back, and the moment of payment never moves",
  I10: "neither what could be refunded nor the net revenue exceeds what is still with us",
  back: "never more is sent back of a capture than came in, nor counted as left, unless a person says wrongly what became of a refund",
  sentOnce:
    "a refund that a person asked for reaches Chapa at most once, as it was asked for, under the one reference made of its id, and nothing else does",
  books:
    "what Chapa's books say went back is what ours say, or a person is called about it within a day; money that comes back calls a person, unless it pays its fee",
  decision:
    "a person's decision is made of the version that they saw or not at all, stands from when they hear that it does, and some decision about money in REVIEW is always possible",
  live: "while a fee is unpaid, at most one link that was given out can be paid, over all payments of the fee",
  followed:
    "a payment that was left keeps its next one, begins no attempt, takes no money as its own and hears no more of it",
  beside:
    "beside an unanswered duplicate on an earlier payment no press that begins later gets a link, and none stays payable that Chapa cancels",
  lapse:
    "a checkout that Chapa does not close is left only past its window and lapse, after a cancel, and after two readings ten minutes apart that nobody paid",
  spent: "no attempt is used up for which Chapa has booked nothing, unless its key changed or its reference is burnt",
  payable:
    "a fee that nobody paid can be paid within the lapse, however Chapa cancels and whatever its words, once it answers",
  informed:
    "no payer is told that nobody paid while a webhook about their money, or Chapa's word of it, waits on any payment of the fee",
  kept: "work that Chapa's verify has shown money ends when the row has that money, under Chapa's reference",
  webhook:
    "money that a signed webhook has named is known, or a person is called about Chapa's word for it, a quarter of a day after Chapa answers again",
  delivery:
    "the listing is told only what its teller has last seen of the row, and the row says before that it is told",
  left: "no link that was given out can be paid once its payment was given up or the listing was told so, nor is one opened then",
  finalise: "a finalised payment stays finalised, and no attempt follows",
  replay:
    "a request recorded before the settling never opens the payment again, nor one recorded before it was spent the next one",
  answer: "an answer for a payment that awaits money carries a URL that can be paid",
  history: "every change of state is one version with one entry of history that the table of moves has",
  totals: "after the comparison of books a day's totals are the sum of its payments",
  once: "a message to a payer is marked before its call, and not sent again after an answer; without a comparison of books no payment counts twice",
  contact: "how to reach a payer is kept for 30 days after the latest checkout, and not longer",
  witness:
    "every payment that needs a person is counted by the gauge, and what waits in vain for a day calls a person or is counted",
  records: "no key, address or number is logged, or stored in clear text",
} as const;
export type Invariant = keyof typeof INVARIANTS;

/** An invariant was broken. `of` is the payment (its ref, or a reference of Chapa's that begins with it), where it is one. */
export class Violation extends Error {
  readonly invariant: Invariant;
  readonly of: string;
  readonly how: string;
  constructor(invariant: Invariant, of: string, how: string) {
    super(`${invariant}: ${how}`);
    this.invariant = invariant;
    this.of = of;
    this.how = how;
  }
}
