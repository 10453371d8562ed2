// Must be the first import, so that no module keeps the original Date.
import "./process-clock.ts";

import type { EnvText } from "../lib/contract/env.ts";
import { QUEUES, type QueueName } from "../lib/contract/queues.ts";
import type { ChapaSimulator } from "./chapa/simulator.ts";
import type { Clock } from "./clock.ts";
import { type Controlled, type FaultTarget, FaultTargetUnavailable, startControl } from "./control.ts";
import { BorrowedEnvironment, functionEnvironment, SECRETS, sdkEnvironment } from "./environment.ts";
import type { FaultInput } from "./faults.ts";
import type { FunctionHost, Invoke } from "./lambda.ts";
import { clock } from "./process-clock.ts";
import type { Queues } from "./queues.ts";
import type { RedisBridge } from "./redis/bridge.ts";
import type { Ran, Schedule } from "./schedule.ts";
import type { Listening } from "./serve.ts";
import { type Services, tokensOf, type UserTokens } from "./services.ts";
import type { Settings } from "./settings.ts";
import type { TableHost } from "./table-host.ts";

/** The addresses and credentials of a running cloud. `api`, `chapa` and `control` are origins, `webhook` is a URL. */
export type CloudAddress = {
  api: string;
  webhook: string;
  control: string;
  chapa: string;
  users: UserTokens;
  apiKey: string;
  jwtSecret: string;
};

/** What a cloud consists of. */
export type CloudParts = {
  settings: Settings;
  functions: FunctionHost;
  /** How many invocations have begun. Shows that one began and ended between two reads. */
  traffic: { invocations: number };
  invoke: Invoke;
  tableHost: TableHost;
  queues: Queues;
  schedule: Schedule;
  chapa: ChapaSimulator | undefined;
  services: Services;
  redis: RedisBridge;
  secrets: Map<string, object>;
  servers: { api: Listening; webhook: Listening; secrets: Listening };
};

export const API_KEY = "local-api-key-for-internal-services";
const SETTLE_MS = 180_000;
const POLL_MS = 2;
const QUIET_CHECKS = 2;

/**
 * The whole service in this process, from source, on emulators and doubles. A process can run one cloud at a time,
 * because functions read the process's environment and use the process's clock. Made by `startCloud`.
 */
export class Cloud implements Controlled {
  readonly clock: Clock = clock;
  readonly #parts: CloudParts;
  readonly #environment = new BorrowedEnvironment();
  #control: Listening | undefined;
  #userTokens: UserTokens | undefined;

  constructor(parts: CloudParts) {
    this.#parts = parts;
  }

  /** Undefined if a real Chapa is used. */
  get chapa(): ChapaSimulator | undefined {
    return this.#parts.chapa;
  }

  get services(): Services {
    return this.#parts.services;
  }

  get redis(): RedisBridge {
    return this.#parts.redis;
  }

  get queues(): Queues {
    return this.#parts.queues;
  }

  get functions(): FunctionHost {
    return this.#parts.functions;
  }

  get stream(): TableHost["stream"] {
    return this.#parts.tableHost.stream;
  }

  get rows(): TableHost["rows"] {
    return this.#parts.tableHost.rows;
  }

  /** The values in Secrets Manager, by name. Changing a value rotates the secret. */
  get secrets(): Map<string, object> {
    return this.#parts.secrets;
  }

  /** Replaces some values of a secret. */
  rotate(name: keyof typeof SECRETS, change: Record<string, unknown>): void {
    this.secrets.set(SECRETS[name], { ...this.secrets.get(SECRETS[name]), ...change });
  }

  /** Starts every function anew with some variables changed, as a deployment does. A reset takes the change back. */
  async redeploy(change: Partial<EnvText>): Promise<void> {
    this.#environment.set(change);
    await this.functions.forget();
  }

  get address(): CloudAddress {
    const { servers, chapa, settings } = this.#parts;
    if (!this.#userTokens || !this.#control) throw new Error("the cloud has not started");
    return {
      api: servers.api.origin,
      webhook: `${servers.webhook.origin}/`,
      control: this.#control.origin,
      chapa: chapa?.origin ?? new URL(settings.CHAPA_BASE_URL ?? "").origin,
      users: this.#userTokens,
      apiKey: settings.PAYMENT_SERVICE_API_KEY ?? API_KEY,
      jwtSecret: settings.JWT_SECRET,
    };
  }

  /** @param port of the control routes; 0 takes any free one */
  async start(port: number): Promise<this> {
    const { queues, schedule, chapa, services, servers } = this.#parts;
    this.#userTokens = await tokensOf(services.users, clock);
    chapa?.setWebhookUrl(`${servers.webhook.origin}/`);
    services.listing?.setPaymentServiceUrl(`${servers.api.origin}/api/v1`);
    await this.#renew("load");
    queues.connect(this.#parts.invoke);
    schedule.start();
    this.#control = await startControl(this, port);
    return this;
  }

  /** Moves the clock, runs everything that is due, and waits until nothing is under way. */
  async advance(ms: number): Promise<{ now: string }> {
    // A minute that the timer also saw would verify everything twice.
    await this.#parts.schedule.alone(async () => {
      await clock.advance(ms);
      this.queues.stir();
      await this.rows.expire(clock.now());
      await this.sweep();
    });
    return { now: new Date(clock.now()).toISOString() };
  }

  /**
   * Runs the schedules of one minute, and waits for everything that follows.
   * @returns what each function did; "notify-user" runs again at the end, and that run is "payers"
   */
  async sweep(): Promise<Ran> {
    const ran = await this.#parts.schedule.run();
    await this.settle();
    // Otherwise the payers would get the messages about this run a minute later.
    const payers = await this.#parts.invoke("notify-user", {});
    await this.settle();
    return { ...ran, payers };
  }

  /**
   * Waits until no function runs, no message is ready, every change of the table is read and no webhook is under way.
   * It does not wait for messages that are due later.
   * @throws Error if something is still under way after `limitMs`
   */
  async settle(limitMs = SETTLE_MS): Promise<void> {
    const { traffic, queues } = this.#parts;
    const end = performance.now() + limitMs;
    let invocations = -1;
    for (let quiet = 0; quiet < QUIET_CHECKS; ) {
      await this.chapa?.settled();
      const isIdle = this.#isIdle() && traffic.invocations === invocations;
      invocations = traffic.invocations;
      if (!isIdle) queues.stir();
      quiet = isIdle ? quiet + 1 : 0;
      if (performance.now() > end) throw new Error(`something is still under way after ${limitMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async fault(
    target: FaultTarget,
    fault: FaultInput | null,
  ): Promise<{ target: FaultTarget; fault: FaultInput | null }> {
    const plan = this.#faultsOf(target);
    if (!plan) throw new FaultTargetUnavailable(`${target} is a real service here, so it cannot have faults`);
    if (fault === null) await plan.clear();
    else await plan.set(fault);
    return { target, fault };
  }

  /** Deletes all payments, messages and faults. The clock stays. */
  async reset(): Promise<void> {
    const { queues, schedule, chapa, services, redis } = this.#parts;
    await this.settle();
    await Promise.all([chapa?.reset(), services.reset(), redis.reset()]);
    queues.clear();
    schedule.forget();
    await this.#renew("forget");
  }

  /** The whole state, for `GET /state`. */
  async state(): Promise<object> {
    const { queues, chapa, services, tableHost, redis } = this.#parts;
    const names = Object.keys(QUEUES) as QueueName[];
    return {
      now: new Date(clock.now()).toISOString(),
      engine: tableHost.engineName,
      payments: await this.rows.payments(),
      unreadable: await this.rows.unreadable(),
      queues: Object.fromEntries(names.map((name) => [name, queues.state(name)])),
      chapa: chapa && { ...chapa.settings(), transactions: chapa.transactions(), captures: chapa.captures() },
      listing: services.listing && { properties: services.listing.properties(), confirms: services.listing.confirms() },
      notification: services.notification && { sent: services.notification.sent() },
      redis: { engine: redis.engineName, keys: Object.keys(await redis.stored()) },
    };
  }

  async close(): Promise<void> {
    const { queues, schedule, tableHost, chapa, services, redis, servers } = this.#parts;
    schedule.stop();
    await Promise.all([servers.api.close(), servers.webhook.close(), this.#control?.close()]);
    await queues.stop();
    await tableHost.close();
    await Promise.all([chapa?.close(), services.close(), redis.close(), servers.secrets.close()]);
    clock.stop();
    this.#environment.giveBack();
  }

  #faultsOf(target: FaultTarget) {
    const { tableHost, queues, redis, services } = this.#parts;
    switch (target) {
      case "chapa":
        return this.chapa?.faults;
      case "table":
        return tableHost.faults;
      case "queues":
        return queues.faults;
      case "redis":
        return redis.faults;
      default:
        return services.faults(target);
    }
  }

  #isIdle(): boolean {
    const { functions, queues, tableHost } = this.#parts;
    return functions.running === 0 && !queues.isBusy && tableHost.isQuiet;
  }

  /** Makes an empty table and starts the functions anew. */
  async #renew(functionsAnew: "load" | "forget"): Promise<void> {
    const { settings, functions, tableHost, queues, chapa, services, servers } = this.#parts;
    await tableHost.renew();
    const at = {
      table: tableHost.endpoint,
      secrets: servers.secrets.origin,
      api: servers.api.origin,
      chapa: chapa?.apiBase ?? settings.CHAPA_BASE_URL ?? "",
      ...services.urls,
    };
    this.#environment.set({ ...sdkEnvironment(at, queues), ...functionEnvironment(settings, at, queues) });
    await functions[functionsAnew]();
    tableHost.stream.start();
    // The scheduled run that stores the gateway's health. Otherwise /health knows nothing in the first minute.
    await functions.invoke("timeout-payments", {});
  }
}
