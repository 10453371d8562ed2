import { captureSubject, entryIdOf, openEntries } from "../../lib/domain/attention.ts";
import type { RefundCommand } from "../../lib/domain/commands.ts";
import { reviewedCaptures } from "../../lib/domain/decisions.ts";
import { refundReferenceOf } from "../../lib/domain/ids.ts";
import { Santim } from "../../lib/domain/money.ts";
import { leftOf, type Payment, type Refund } from "../../lib/domain/payment.ts";
import { DAY_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import { PERSON } from "../invariants/invariants.ts";
import type { Choices } from "./scheduler.ts";
import type { Simulation } from "./simulation.ts";

type Act = "refund" | "repeat" | "review" | "answer" | "judge" | "release" | "remember";
const REFUNDS = ["refund", "refund", "refund"] as const;
const PEOPLE = 3;
const SIGHTS = 8;
const PARTS = [0.25, 0.25, 0.5, 0.5, 0.75, 1] as const;
// Nobody calls a refund that was sent just now.
const JUDGED_AFTER_MS = 10 * MINUTE_MS;
// Chapa is asked about a settled refund for a week.
const SURELY_ASKED_MS = 6 * DAY_MS;

/**
 * People and programs who send money back and decide: by what they see now or saw some time ago, twice at once, again
 * after a lost answer, and now and then wrongly.
 */
export class People {
  readonly #simulation: Simulation;
  readonly #choices: Choices;
  readonly #sights: Payment[] = [];
  readonly #asked: { payment: Payment; asked: RefundCommand }[] = [];
  #ids = 0;

  constructor(simulation: Simulation, choices: Choices) {
    this.#simulation = simulation;
    this.#choices = choices;
  }

  /** One of them does something. */
  act(): void {
    const payment = this.#seen();
    if (!payment) return;
    const by = `${PERSON}-${this.#choices.below(PEOPLE)}`;
    const acts: Record<Act, () => void> = {
      refund: () => {
        this.#refund(payment, by);
        // Somebody else asks at the same time.
        if (this.#choices.whim(0.3)) this.#refund(payment, `${PERSON}-other`);
      },
      repeat: () => this.#repeat(),
      review: () => this.#review(payment, by),
      answer: () => this.#answer(payment, by),
      judge: () => this.judge(payment, by, this.#choices.whim(0.1)),
      release: () => this.#simulation.release(payment, by),
      remember: () => {
        if (this.#sights.push(payment) > SIGHTS) this.#sights.shift();
      },
    };
    acts[this.#likelyFor(payment)]();
  }

  /** People do what a payment seems to need, and now and then something else. */
  #likelyFor({ state, attention, refunds = [] }: Payment): Act {
    const likely: Act[] = ["remember", "repeat"];
    likely.push(...(state === "REVIEW" ? (["review", "review", "refund"] as const) : REFUNDS));
    if (openEntries({ attention }).length > 0) likely.push("answer");
    if (attention.some(({ code }) => code === "stuck") || this.#choices.whim(0.1)) likely.push("release");
    if (refunds.some((refund) => refund.state === "SENT")) likely.push("judge");
    return this.#any(likely) ?? "remember";
  }

  /** Chapa or a payer's bank goes on with a refund, undoes one, or returns what it took. */
  bank(): void {
    const { refundSteps } = this.#simulation;
    const isAnnounced = this.#choices.whim(0.6);
    const step = this.#any(refundSteps);
    if (step && this.#choices.whim(0.7)) this.stepRefund(step.ref, isAnnounced);
    else if (this.#choices.whim(0.5)) this.#undo(isAnnounced);
    else this.#returnReversed(isAnnounced);
  }

  #undo(isAnnounced: boolean): void {
    const { simulator } = this.#simulation;
    const refund = this.#any(simulator.refunds.all().filter(({ status }) => status === "refunded"));
    if (!refund || this.#choices.whim(0.5)) return;
    this.#simulation.undoRefund(refund.ref);
    if (isAnnounced || this.#mayBeForgotten(refund.reference)) this.#simulation.announceRefund(refund);
  }

  #returnReversed(isAnnounced: boolean): void {
    const { simulator, ledger } = this.#simulation;
    const link = this.#any(ledger.links().filter(({ captures }) => captures.some(({ reversed }) => reversed)));
    if (!link) return;
    for (const capture of link.captures)
      if (capture.reversed) ledger.happens(() => simulator.ledger.returnReversed(link, capture, ledger.time));
    if (isAnnounced) this.#simulation.announce(link);
  }

  /** The next step of a refund happens at Chapa. */
  stepRefund(ref: string, isAnnounced: boolean): void {
    const { simulator, refundSteps } = this.#simulation;
    const index = refundSteps.findIndex((step) => step.ref === ref);
    this.#simulation.stepRefund(index, this.#choices.whim(0.8));
    const refund = simulator.refunds.all().find((known) => known.ref === ref);
    const isOver = refund?.status === "refunded" || refund?.status === "reversed";
    if (refund && isOver && isAnnounced) this.#simulation.announceRefund(refund);
  }

  /** A person looks up at Chapa what became of a refund that has no end here, and says so. */
  judge(payment: Payment, by: string, isWrong = false): void {
    const { scheduler } = this.#simulation;
    const isOld = ({ state, sentAt = scheduler.latest }: Refund) =>
      state === "SENT" && sentAt + JUDGED_AFTER_MS <= scheduler.now;
    const refund = this.#any((payment.refunds ?? []).filter(isOld));
    if (!refund) return;
    const status = this.#statusOf(payment, refund);
    if (status === "open" && !isWrong) return;
    if (isWrong) this.#simulation.misjudged.add(refund.capture);
    const outcome = (status === "settled") === isWrong ? "refused" : "settled";
    const { version } = payment;
    this.#simulation.judgeRefund(payment, refund.id, { outcome, reason: `${by} asked Chapa`, version, by });
  }

  /** A person takes none of the money under review. @returns what they are told, if not that it is done */
  reject(payment: Payment, by: string): { error?: Error } {
    const reviewed = reviewedCaptures(payment).filter((capture) => leftOf(payment, capture) > 0);
    const isReturned = reviewed.map(({ reference }) => reference !== undefined && this.#choices.whim(0.6));
    return this.#simulation.review(payment, {
      decision: "reject",
      reason: `${by} takes none of it`,
      version: payment.version,
      by,
      kept: reviewed
        .filter((_, index) => !isReturned[index])
        .map((capture) => ({ capture: captureSubject(capture), reason: "kept" })),
      returned: reviewed
        .filter((_, index) => isReturned[index])
        .map((capture) => ({ capture: captureSubject(capture), refundId: this.#newId() })),
    });
  }

  #statusOf({ ref }: Payment, { id }: Refund): "open" | "settled" | "reversed" | undefined {
    const { booked } = this.#simulation.refunded();
    return booked.find(({ reference }) => reference === refundReferenceOf(ref, id))?.status;
  }

  /** Whether we may have asked about this refund for the last time. */
  #mayBeForgotten(reference: string | null): boolean {
    const { scheduler } = this.#simulation;
    return this.#simulation
      .payments()
      .some(({ ref, refunds = [] }) =>
        refunds.some(
          ({ id, settledAt }) =>
            refundReferenceOf(ref, id) === reference &&
            settledAt !== undefined &&
            scheduler.now > settledAt + SURELY_ASKED_MS,
        ),
      );
  }

  #refund(payment: Payment, by: string): void {
    const capture = this.#any(payment.captures);
    if (!capture) return;
    const part = this.#one(PARTS);
    const amount = Santim.parse(Math.max(1, Math.floor((capture.amount ?? 1) * part)));
    const version = payment.version + (this.#choices.whim(0.1) ? 1 - this.#choices.below(3) : 0);
    const asked = {
      id: this.#newId(),
      capture: capture.reference,
      amount: this.#choices.whim(0.3) ? undefined : amount,
      reason: `${by} sends it back`,
      version,
      by,
    };
    this.#asked.push({ payment, asked });
    this.#simulation.refund(payment, asked);
  }

  /** The same again, because its answer was lost, or the same id with other content. */
  #repeat(): void {
    const known = this.#any(this.#asked);
    if (!known) return;
    const { payment, asked } = known;
    const now = this.#simulation.payments().find(({ ref }) => ref === payment.ref) ?? payment;
    const version = this.#choices.whim(0.5) ? now.version : asked.version;
    const amount = this.#choices.whim(0.1) ? Santim.parse(1) : asked.amount;
    this.#simulation.refund(now, { ...asked, version, amount });
  }

  #answer(payment: Payment, by: string): void {
    const entry = this.#any(openEntries(payment));
    if (entry) this.#simulation.answerFlag(payment, entryIdOf(entry), by);
  }

  #review(payment: Payment, by: string): void {
    if (payment.state !== "REVIEW") return;
    if (this.#choices.whim(0.6)) return void this.reject(payment, by);
    const { version } = payment;
    const accepts = { decision: "accept", reason: `${by} takes it`, version, by, kept: [], returned: [] } as const;
    this.#simulation.review(payment, accepts);
  }

  /** A payment as it is now, or as somebody saw it before. */
  #seen(): Payment | undefined {
    const old = this.#choices.whim(0.2) ? this.#any(this.#sights) : undefined;
    return old ?? this.#any(this.#simulation.payments().filter(({ captures }) => captures.length > 0));
  }

  #newId(): string {
    return `refund-${++this.#ids}`;
  }

  #one<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.#choices.below(items.length)] ?? items[0];
  }

  #any<Item>(items: readonly Item[]): Item | undefined {
    return items[this.#choices.below(items.length)];
  }
}
