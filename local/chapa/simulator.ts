import type { Clock } from "../clock.ts";
import type { FaultPlan } from "../faults.ts";
import type { Listening } from "../serve.ts";
import { type Action, ActionRefused, type ActParams } from "./actions.ts";
import { DeliveryPlan } from "./delivery-plan.ts";
import type { JournalEntry } from "./journal.ts";
import type { ProfileName } from "./profiles.ts";
import { projectionOf, type TransactionProjection } from "./projection.ts";
import { type ActResult, type Settings, SimulatorState } from "./state.ts";
import type { Capture } from "./transactions.ts";

export type ChapaOptions = {
  /** Of the API and the payer's page; 0, the default, for any free one. */
  port?: number;
  /** Of the control API; 0, the default, for any free one. */
  controlPort?: number;
  profile?: ProfileName;
  /** Decides everything that looks like chance. */
  seed?: number;
  clock?: Clock;
  /** `CHASECK_TEST-sim…`. */
  secretKey?: string;
  publicKey?: string;
  webhookSecret?: string;
  /** Where webhooks go; without it none is sent. */
  webhookUrl?: string | undefined;
  /** Every checkout is paid as soon as it is open. */
  autopilot?: boolean;
  /** Whether the cents of an amount and a first name `Sim-…` choose what happens; true by default. */
  scenarios?: boolean;
  /** How long a checkout takes payments. */
  retryWindowMinutes?: number;
  /** Hears one short line about each request and each delivery. */
  log?: (line: string) => void;
};

export const CHAPA_DEFAULTS = {
  secretKey: "CHASECK_TEST-sim00000000000000000000000000000",
  publicKey: "CHAPUBK_TEST-sim00000000000000000000000000000",
  webhookSecret: "sim-webhook-secret",
  retryWindowMinutes: 60,
} as const;

type Parts = {
  settings: Settings;
  stage: { state: SimulatorState };
  faults: FaultPlan;
  api: Listening;
  control: Listening;
};

/** A running Chapa. Made by {@link startChapa}. */
export class ChapaSimulator {
  /** Of the API and the payer's page, without a slash at the end. */
  readonly origin: string;
  /** What a client takes as its base URL: `origin` and `/v1`. */
  readonly apiBase: string;
  /** Of the control API, whose paths begin with `/__sim`. */
  readonly control: string;
  readonly clock: Clock;
  readonly faults: FaultPlan;
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.origin = parts.api.origin;
    this.apiBase = `${parts.api.origin}/v1`;
    this.control = parts.control.origin;
    this.clock = parts.settings.clock;
    this.faults = parts.faults;
  }

  /** The ledger: all the money that ever moved, oldest first. */
  captures(): Capture[] {
    return this.#state.ledger.captures();
  }

  /** Oldest first. */
  transactions(): TransactionProjection[] {
    return this.#state.ledger.all().map((transaction) => projectionOf(this.#state, transaction));
  }

  transaction(txRef: string): TransactionProjection | undefined {
    const transaction = this.#state.ledger.find(txRef);
    return transaction && projectionOf(this.#state, transaction);
  }

  /**
   * Does what a payer, a bank or Chapa's dashboard does.
   * @throws ActionRefused for a tx_ref that nobody opened, or an action that comes at the wrong time
   */
  async act(txRef: string, action: Action, params: ActParams = {}): Promise<ActResult> {
    const transaction = this.#state.ledger.find(txRef);
    if (!transaction) throw new ActionRefused(422, `no checkout was ever opened for tx_ref ${JSON.stringify(txRef)}`);
    return this.#state.act(transaction, action, params);
  }

  /**
   * Says what happens to the messages about `txRef`, which need not exist yet; `*` is every later one.
   * @throws ZodError for an option that does not exist
   */
  plan(txRef: string, plan: DeliveryPlan): void {
    this.#state.plan(txRef, DeliveryPlan.parse(plan));
  }

  plans(): Record<string, DeliveryPlan> {
    return this.#state.plans();
  }

  settings(): { profile: ProfileName; webhookUrl: string | null } {
    const { profile, webhookUrl } = this.#parts.settings;
    return { profile, webhookUrl };
  }

  setProfile(profile: ProfileName): void {
    this.#parts.settings.profile = profile;
  }

  /** Replaces keys from now on, as the dashboard does; what is not named stays. */
  setKeys(keys: { secretKey?: string; webhookSecret?: string }): void {
    if (keys.secretKey !== undefined) refuseRealKey(keys.secretKey);
    Object.assign(this.#parts.settings, keys);
  }

  setWebhookUrl(url: string | null | undefined): void {
    this.#parts.settings.webhookUrl = url ?? null;
  }

  /** Forgets all transactions, plans, faults and the journal. Settings and the clock stay as they are. */
  async reset(): Promise<void> {
    this.#state.scheduler.stop();
    this.#parts.stage.state = new SimulatorState(this.#parts.settings);
    await this.faults.clear();
  }

  /** Resolves when no webhook or callback is under way; retries that wait for the clock do not count. */
  async settled(): Promise<void> {
    await this.#state.scheduler.settled();
  }

  /** Requests and deliveries in the order in which they began. */
  journal(): JournalEntry[] {
    return this.#state.journal.entries();
  }

  async close(): Promise<void> {
    this.#state.scheduler.stop();
    await Promise.all([this.#parts.api.close(), this.#parts.control.close()]);
  }

  get #state(): SimulatorState {
    return this.#parts.stage.state;
  }
}

export class UnsafeKey extends Error {}

/** @throws UnsafeKey for a secret key that could be a real one */
export function refuseRealKey(secretKey: string): void {
  if (/^CHASECK_TEST-sim\w*$/.test(secretKey)) return;
  throw new UnsafeKey("the simulator takes only keys that begin with CHASECK_TEST-sim; a real key must never get here");
}
