import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../clock.ts";
import { type Action, ActionRefused, type ActParams } from "./actions.ts";
import type { DeliveryPlan } from "./delivery-plan.ts";
import { Journal } from "./journal.ts";
import { Payer } from "./payer.ts";
import { Profile, type ProfileName } from "./profiles.ts";
import { Random } from "./random.ts";
import { payerGoesTo } from "./redirect.ts";
import { Refunds } from "./refunds.ts";
import { scenarioOf } from "./scenarios.ts";
import { Scheduler } from "./scheduler.ts";
import { Ledger, type Opening, type State, type Status, stateOf, statusOf, type Transaction } from "./transactions.ts";
import type { Order } from "./validate.ts";
import { WebhookSender } from "./webhook-sender.ts";

/** The settings of one simulator. Those that are not readonly can change while it runs. */
export type Settings = {
  readonly clock: Clock;
  readonly seed: number;
  secretKey: string;
  /** The keys of further accounts, by the account's name. */
  readonly otherKeys: Map<string, string>;
  readonly publicKey: string;
  webhookSecret: string;
  readonly retryWindowMinutes: number;
  readonly isAutopilot: boolean;
  readonly hasScenarios: boolean;
  readonly log: (line: string) => void;
  profile: ProfileName;
  webhookUrl: string | null;
  /** The origin of the API and the payer's page. */
  origin: string;
};

/** The result of an action. `status` is the payment's, `state` is the link's, `redirect` is the browser's next URL. */
export type ActResult = { txRef: string; status: Status; state: State; redirect: string | null };

/** The name of the plan for all transactions. */
export const EVERY_TX_REF = "*";

const RATE_LIMIT_PER_MINUTE = 600;

/** The state of one simulated Chapa until the next reset. */
export class SimulatorState {
  readonly settings: Settings;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly journal: Journal;
  readonly profile: Profile;
  readonly ledger: Ledger;
  readonly refunds: Refunds;
  readonly #payer: Payer;
  readonly #sender: WebhookSender;
  readonly #plans = new Map<string, DeliveryPlan>();
  readonly #verifyUnavailableUntil = new Map<string, number>();
  #minute = { number: 0, requests: 0 };

  constructor(settings: Settings) {
    this.settings = settings;
    const scheduler = new Scheduler(settings.clock);
    const random = new Random(settings.seed);
    const profile = new Profile(() => settings.profile, random);
    const journal = new Journal(settings.log);
    const context = {
      profile,
      random,
      get secretKey() {
        return settings.secretKey;
      },
      get webhookSecret() {
        return settings.webhookSecret;
      },
    };
    const sender = new WebhookSender({ scheduler, journal, context, webhookUrl: () => settings.webhookUrl });
    const ledger = new Ledger({
      random,
      windowMs: settings.retryWindowMinutes * 60_000,
      notify: (transaction, paymentEvent) => sender.announce(transaction, paymentEvent),
    });
    const delivered = (txRef: string) => sender.settled(txRef);
    this.scheduler = scheduler;
    this.random = random;
    this.profile = profile;
    this.journal = journal;
    this.ledger = ledger;
    this.refunds = new Refunds({ ledger, scheduler, random, profile, delivered });
    this.#sender = sender;
    this.#payer = new Payer({ ledger, scheduler, delivered });
  }

  /** Opens a checkout and starts its scenario or the autopilot. */
  async open(order: Order, opening: Opening): Promise<{ transaction: Transaction; isAnswerLost: boolean }> {
    const scenario = this.settings.hasScenarios ? scenarioOf(order) : undefined;
    const plan = { ...this.#planOf(EVERY_TX_REF), ...scenario?.plan, ...this.#planOf(order.txRef) };
    const at = this.scheduler.now();
    const transaction = this.ledger.open(order, { ...opening, plan, at });
    if (scenario?.verifyUnavailableSeconds) {
      this.#verifyUnavailableUntil.set(order.txRef, at + 1000 * scenario.verifyUnavailableSeconds);
    }
    const action = scenario?.act ?? (this.settings.isAutopilot ? "pay" : undefined);
    if (plan.reorder === "before-initialize-answer") {
      // Only a payment causes a webhook, so the payer must pay before the merchant gets the link.
      this.#play(transaction, action ?? "pay");
      await this.#sender.settled(order.txRef);
    } else if (action) {
      void this.scheduler.run(async () => {
        await nextTurn();
        this.#play(transaction, action);
      });
    }
    return { transaction, isAnswerLost: scenario?.isInitializeLost === true };
  }

  /** @throws ActionRefused if the state of the checkout does not allow the action */
  async act(transaction: Transaction, action: Action, params: ActParams = {}): Promise<ActResult> {
    const leaves = this.#payer.act(transaction, action, params);
    const { txRef } = transaction.order;
    if (transaction.plan.reorder === "before-redirect") await this.#sender.settled(txRef);
    return {
      txRef,
      status: statusOf(transaction),
      state: stateOf(transaction, this.scheduler.now()),
      redirect: payerGoesTo(transaction, leaves, { profile: this.profile, origin: this.settings.origin }),
    };
  }

  /** Sets or replaces the delivery plan of `txRef`, which need not exist yet. */
  plan(txRef: string, plan: DeliveryPlan): void {
    this.#plans.set(txRef, plan);
    const transaction = this.ledger.find(txRef);
    if (transaction) transaction.plan = { ...this.#planOf(EVERY_TX_REF), ...plan };
  }

  plans(): Record<string, DeliveryPlan> {
    return Object.fromEntries(this.#plans);
  }

  /** Whether verify answers 503 for this tx_ref. */
  isVerifyUnavailable(txRef: string): boolean {
    return this.scheduler.now() < (this.#verifyUnavailableUntil.get(txRef) ?? 0);
  }

  checkoutUrl(transaction: Transaction): string {
    return `${this.settings.origin}/checkout/payment/${transaction.token}`;
  }

  /** Counts a request. @returns Chapa's rate-limit headers. No request is refused, because the real limits are not known. */
  countRequest(): Record<string, string> {
    const number = Math.floor(this.scheduler.now() / 60_000);
    if (this.#minute.number !== number) this.#minute = { number, requests: 0 };
    this.#minute.requests++;
    return {
      "x-ratelimit-limit": String(RATE_LIMIT_PER_MINUTE),
      "x-ratelimit-remaining": String(Math.max(RATE_LIMIT_PER_MINUTE - this.#minute.requests, 0)),
    };
  }

  #planOf(txRef: string): DeliveryPlan {
    return this.#plans.get(txRef) ?? {};
  }

  /** Ignores a scenario that is not possible, such as a refund without a capture. */
  #play(transaction: Transaction, action: Action): void {
    try {
      this.#payer.act(transaction, action);
    } catch (error) {
      if (!(error instanceof ActionRefused)) throw error;
    }
  }
}
