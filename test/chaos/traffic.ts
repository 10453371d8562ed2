import { setTimeout as pause } from "node:timers/promises";
import { ApiClient, type HttpResponse } from "../../local/api-client.ts";
import type { DeliveryPlan } from "../../local/chapa/delivery-plan.ts";
import type { Cloud } from "../../local/cloud.ts";
import type { CloudWorld } from "../invariants/cloud-world.ts";
import { seededUuid } from "../support/seeded-random.ts";

// The delivery plans for Chapa's messages about one checkout.
const PLANS: readonly DeliveryPlan[] = [
  {},
  {},
  { dropAll: true, callback: { send: "off" } },
  { drop: 1 },
  { duplicate: 2, concurrent: 2 },
  { callback: { send: "on", order: "before", times: 2 } },
];
const TRIES = 10;
const BETWEEN_TRIES_MS = 400;
// A caller that must wait longer than this asks again when everything works.
const LONGEST_WAIT_SECONDS = 20;

/** Owners and payers of a cloud. They act in parallel and repeat failed requests. */
export class Traffic {
  readonly stats = { payments: 0, presses: 0, answers: new Map<string, number>(), paid: 0, cancels: 0 };
  readonly #cloud: Cloud;
  readonly #caller: ApiClient;
  readonly #world: CloudWorld;
  readonly #random: () => number;
  readonly #fees: string[] = [];

  constructor(cloud: Cloud, world: CloudWorld, random: () => number) {
    this.#cloud = cloud;
    this.#caller = new ApiClient(cloud.address);
    this.#world = world;
    this.#random = random;
  }

  /** The properties whose fees were requested. */
  get fees(): readonly string[] {
    return this.#fees;
  }

  /** One fee: several parallel presses, then payers pay or cancel, callers read, and some press again. */
  async playPayment(): Promise<void> {
    const fee = seededUuid(this.#random);
    this.#fees.push(fee);
    const [first] = (await this.#crowd(fee, 2 + this.#below(3))).filter((response) => response.status === 202);
    const url = String(first?.body["checkout_url"] ?? "");
    if (url.includes("/checkout/payment/")) {
      const doings = [this.#pay(url, String(first?.body["chapa_tx_ref"])), this.#verify(fee, first)];
      if (this.#random() < 0.25) doings.push(this.#cancel(fee, first));
      if (this.#random() < 0.4) doings.push(this.#returnFromChapa(String(first?.body["chapa_tx_ref"])));
      await Promise.all(doings);
      if (this.#random() < 0.4) await this.#crowd(fee, 1 + this.#below(3));
      await this.#verify(fee, first);
    }
    this.stats.payments++;
  }

  /** Presses once more for a fee. A final refusal is an answer, too. */
  press(fee: string, requestId = seededUuid(this.#random)): Promise<HttpResponse> {
    this.stats.presses++;
    const as = "owner" as const;
    return this.#ask(fee, () =>
      this.#caller.initiate({ property_id: fee, request_id: requestId, amount: 500 }, { as }),
    );
  }

  async #crowd(fee: string, size: number): Promise<HttpResponse[]> {
    const shared = seededUuid(this.#random);
    const ids = Array.from({ length: size }, () => (this.#random() < 0.4 ? shared : seededUuid(this.#random)));
    return Promise.all(ids.map((id) => this.#insist(fee, id)));
  }

  /** Repeats the same request until there is an answer. */
  async #insist(fee: string, requestId: string): Promise<HttpResponse> {
    for (let tries = 1; ; tries++) {
      const response = await this.press(fee, requestId);
      const isLong = Number(response.headers.get("retry-after")) > LONGEST_WAIT_SECONDS;
      if (response.status === 202 || isLong || tries === TRIES) return response;
      await pause(BETWEEN_TRIES_MS * Math.min(tries, 5) * (0.5 + this.#random()));
    }
  }

  async #pay(url: string, txRef: string): Promise<void> {
    if (this.#random() < 0.2) return;
    await pause(600 * this.#random());
    this.#cloud.chapa?.plan(txRef, PLANS[this.#below(PLANS.length)] ?? {});
    const random = this.#random();
    if (random < 0.12) this.#world.inFlight.add(txRef);
    const [action, params] =
      random < 0.08
        ? ["prompt", { seconds: 1 + this.#below(3) }]
        : random < 0.12
          ? ["pay-late", { seconds: 2 }]
          : random < 0.16
            ? ["wrong-amount", { amount: "5.00" }]
            : ["pay", {}];
    const acted = await this.#caller.act(url, String(action), Object(params)).catch(() => undefined);
    if (acted?.status === 200) this.stats.paid++;
  }

  async #cancel(fee: string, first: HttpResponse | undefined): Promise<void> {
    await pause(600 * this.#random());
    this.stats.cancels++;
    const path = `/api/v1/payments/${first?.body["id"]}/cancel`;
    const headers = { authorization: `Bearer ${this.#cloud.address.users.owner.token}` };
    await this.#ask(fee, () => this.#caller.post(path, "", headers));
  }

  async #verify(fee: string, first: HttpResponse | undefined): Promise<void> {
    for (let verifications = 0; verifications < 2; verifications++) {
      await pause(500 * this.#random());
      await this.#ask(fee, () => this.#caller.status(String(first?.body["id"])));
    }
    if (this.#random() < 0.3) await this.#list(first);
  }

  /** Reads the owner's list and one whole payment. */
  async #list(first: HttpResponse | undefined): Promise<void> {
    const headers = { authorization: `Bearer ${this.#cloud.address.users.owner.token}` };
    for (const path of ["/api/v1/payments?limit=5", `/api/v1/payments/${first?.body["id"]}`]) {
      await this.#ask("", () => this.#caller.get(path, headers));
    }
  }

  async #returnFromChapa(txRef: string): Promise<void> {
    await pause(800 * this.#random());
    await this.#caller.browse(`${this.#cloud.address.api}/api/v1/payments/return/${txRef}`).catch(() => undefined);
  }

  async #ask(fee: string, ask: () => Promise<HttpResponse>): Promise<HttpResponse> {
    const askedAt = this.#cloud.clock.now();
    const response = await ask();
    // An answer without a code is the gateway's own: the function that was to answer has died or was cut off.
    const code = response.status < 300 ? "" : ` ${response.body["code"] ?? "by the gateway"}`;
    const answer = `${response.status}${code}`;
    this.stats.answers.set(answer, (this.stats.answers.get(answer) ?? 0) + 1);
    this.#world.answered(fee, response, askedAt);
    return response;
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count);
  }
}
