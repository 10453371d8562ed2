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
  /** The port of the API and the payer's page. 0, the default, takes any free one. */
  port?: number;
  /** The port of the control API. 0, the default, takes any free one. */
  controlPort?: number;
  profile?: ProfileName;
  /** The seed of all random choices. */
  seed?: number;
  clock?: Clock;
  /** Must begin with `CHASECK_TEST-sim`. */
  secretKey?: string;
  publicKey?: string;
  webhookSecret?: string;
  /** The URL for webhooks. Without it none are sent. */
  webhookUrl?: string | undefined;
  /** Every checkout is paid as soon as it is open. */
  autopilot?: boolean;
  /** Whether the cents of an amount and a first name `Sim-…` select a scenario. True by default. */
  scenarios?: boolean;
  /** How long a checkout accepts payments. */
  retryWindowMinutes?: number;
  /** Receives one line about each request and each delivery. */
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
  current: { state: SimulatorState };
  faults: FaultPlan;
  api: Listening;
  control: Listening;
};

/** A running Chapa. Made by {@link startChapa}. */
export class ChapaSimulator {
  /** The origin of the API and the payer's page. */
  readonly origin: string;
  /** The base URL for clients: `origin` and `/v1`. */
  readonly apiBase: string;
  /** The origin of the control API. Its paths begin with `/__sim`. */
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

  /** The ledger: every capture, oldest first. */
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
   * Performs an action of the payer, the bank or Chapa's dashboard.
   * @throws ActionRefused for an unknown tx_ref, or if the state of the checkout does not allow the action
   */
  async act(txRef: string, action: Action, params: ActParams = {}): Promise<ActResult> {
    const transaction = this.#state.ledger.find(txRef);
    if (!transaction) throw new ActionRefused(422, `no checkout was ever opened for tx_ref ${JSON.stringify(txRef)}`);
    return this.#state.act(transaction, action, params);
  }

  /**
   * Plans the deliveries about `txRef`, which need not exist yet. `*` means every later transaction.
   * @throws ZodError for an unknown option
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

  /** Replaces keys, as the dashboard does. Absent keys stay. A renewed key reads everything of its account. @throws UnsafeKey */
  setKeys(keys: { secretKey?: string; webhookSecret?: string }): void {
    if (keys.secretKey !== undefined) refuseRealKey(keys.secretKey);
    Object.assign(this.#parts.settings, keys);
  }

  /** Gives another account of Chapa's a key. It knows nothing of what other accounts' keys opened. @throws UnsafeKey */
  setAccount(account: string, secretKey: string): void {
    refuseRealKey(secretKey);
    this.#parts.settings.otherKeys.set(account, secretKey);
  }

  setWebhookUrl(url: string | null | undefined): void {
    this.#parts.settings.webhookUrl = url ?? null;
  }

  /** Deletes all transactions, plans, faults and the journal. Settings and the clock stay. */
  async reset(): Promise<void> {
    this.#state.scheduler.stop();
    this.#parts.current.state = new SimulatorState(this.#parts.settings);
    await this.faults.clear();
  }

  /** Resolves when no webhook or callback is under way. It does not wait for retries that wait for the clock. */
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
    return this.#parts.current.state;
  }
}

/**
 * Returns the simulator's key of live mode: the same text without `_TEST`, so that both modes can be used without a real
 * key.
 */
export function liveTwin(secretKey: string): string {
  return secretKey.replace("CHASECK_TEST-", "CHASECK-");
}

export class UnsafeKey extends Error {}

/** Whether a secret key cannot be a real one. */
export function isSimulatorKey(secretKey: string): boolean {
  return /^CHASECK_TEST-sim\w*$/.test(secretKey);
}

/** @throws UnsafeKey for a secret key that could be a real one */
export function refuseRealKey(secretKey: string): void {
  if (isSimulatorKey(secretKey)) return;
  throw new UnsafeKey(
    "the simulator accepts only keys that begin with CHASECK_TEST-sim, so that no real key is used by mistake",
  );
}
