import { afterAll, afterEach, beforeAll, beforeEach, vi } from "vitest";
import * as z from "zod";
import type { MetricName } from "../../lib/contract/metrics.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import type { LogMessage } from "../../lib/runtime/logger.ts";
import type { HttpResponse } from "../../local/api-client.ts";
import { CHAPA_DEFAULTS, type ChapaSimulator } from "../../local/chapa/simulator.ts";
import { type Checkout, checkoutOf, type Stage } from "../../local/demo/stage.ts";
import type { FaultInput } from "../../local/faults.ts";
import { onlyPaymentOf, openStage, simulatedChapa, verifiedAt } from "../support/stage.ts";

/** What one answer of the API says. */
export type Reply = {
  status: number;
  code: string | undefined;
  url: string | undefined;
  state: string | undefined;
  retryAfterSeconds: number;
  detail: string;
};

const Counted = z.looseObject({ _aws: z.unknown() });

/** One owner who pays one fee at a running cloud. */
export class Shop {
  readonly stage: Stage;
  readonly chapa: ChapaSimulator;
  readonly #counted: Record<string, unknown>[] = [];
  readonly #errors: Record<string, unknown>[] = [];
  readonly #secrets: Map<string, object>;

  private constructor(stage: Stage) {
    this.stage = stage;
    this.chapa = simulatedChapa(stage);
    this.#secrets = new Map(stage.cloud.secrets);
  }

  static async open(settings: Record<string, string>): Promise<Shop> {
    return new Shop(await openStage({ RATE_LIMIT_INITIATE: "100000", ...settings }));
  }

  /** Makes everything as it was when the shop opened, but for the time. */
  async empty(): Promise<void> {
    for (const [name, value] of this.#secrets) this.stage.cloud.secrets.set(name, value);
    this.chapa.setKeys({ secretKey: CHAPA_DEFAULTS.secretKey });
    await this.stage.cloud.reset();
    this.stage.plan({});
    this.propertyId = this.stage.addProperty();
    this.#counted.length = 0;
    this.#errors.length = 0;
  }

  propertyId = "";

  /** Receives what functions write. */
  hear(text: string): void {
    if (text.startsWith('{"_aws"')) this.#counted.push(Counted.parse(JSON.parse(text)));
    if (text.startsWith('{"level":"ERROR"')) this.#errors.push(z.looseObject({}).parse(JSON.parse(text)));
  }

  /** Errors of this name that functions have logged. */
  errors(message: LogMessage): Record<string, unknown>[] {
    return this.#errors.filter((entry) => entry["message"] === message);
  }

  /** How often functions have counted this. */
  counted(name: MetricName): number {
    return this.#counted
      .flatMap((entry) => z.array(z.number()).or(z.number()).optional().parse(entry[name]) ?? [])
      .reduce((total, times) => total + times, 0);
  }

  get now(): number {
    return this.stage.cloud.clock.now();
  }

  payment(): Promise<Payment> {
    return onlyPaymentOf(this.stage);
  }

  checkout(): Promise<Checkout> {
    return this.stage.checkout(this.propertyId);
  }

  async press(requestId?: string): Promise<Reply> {
    return replyOf(await this.stage.press(this.propertyId, requestId));
  }

  /** Presses, and returns the checkout. @throws Error if there is none */
  async pressed(): Promise<Checkout> {
    return checkoutOf(await this.stage.press(this.propertyId));
  }

  async cancel({ id }: Checkout): Promise<Reply> {
    const { token } = this.stage.cloud.address.users.owner;
    const headers = { authorization: `Bearer ${token}` };
    return replyOf(await this.stage.caller.post(`/api/v1/payments/${id}/cancel`, "", headers));
  }

  /** An administrator asks for a verification. */
  async verifyByPerson({ id }: Checkout): Promise<Reply> {
    const { token } = this.stage.cloud.address.users.admin;
    const headers = { authorization: `Bearer ${token}` };
    return replyOf(await this.stage.caller.post(`/api/v1/payments/${id}/verify`, "", headers));
  }

  /** A signed webhook about a checkout. */
  async webhook({ txRef }: Checkout): Promise<void> {
    const body = JSON.stringify({ event: "charge.success", tx_ref: txRef, status: "success", amount: "500.00" });
    await this.stage.webhook("webhook", body, { secret: CHAPA_DEFAULTS.webhookSecret });
  }

  /** Lets time pass, one step after the other, and runs everything that is due after each. */
  async pass(...steps: number[]): Promise<void> {
    for (const ms of steps) await this.stage.cloud.advance(ms);
  }

  async fault(fault: FaultInput | null): Promise<void> {
    await this.stage.cloud.fault("chapa", fault);
  }

  /** How often this checkout was verified. */
  verifies({ txRef }: Checkout): number {
    return verifiedAt(this.stage).filter((asked) => asked === txRef).length;
  }

  /** References of checkouts that a payer can pay. */
  payable(): string[] {
    return this.chapa.transactions().flatMap(({ txRef, state }) => (state === "OPEN" ? txRef : []));
  }

  /** Open entries of attention, as `code subject`. */
  async attention(): Promise<string[]> {
    const { attention } = await this.payment();
    return attention.flatMap(({ code, subject, answered }) => (answered ? [] : `${code} ${subject}`));
  }
}

function replyOf({ status, body, headers }: HttpResponse): Reply {
  const text = (name: string) => (typeof body[name] === "string" ? body[name] : undefined);
  return {
    status,
    code: text("code"),
    url: text("checkout_url"),
    state: text("state"),
    retryAfterSeconds: Number(headers.get("retry-after") ?? 0),
    detail: text("detail") ?? "",
  };
}

/** A shop for the tests of one file, empty for each. */
export function openShop(settings: Record<string, string> = {}): () => Shop {
  let shop: Shop | undefined;
  const current = () => {
    if (!shop) throw new Error("the shop is not open");
    return shop;
  };
  beforeAll(async () => {
    shop = await Shop.open(settings);
  });
  beforeEach(async () => {
    await current().empty();
    for (const stream of [process.stdout, process.stderr]) {
      const write = stream.write.bind(stream);
      vi.spyOn(stream, "write").mockImplementation((chunk: unknown) => {
        current().hear(String(chunk));
        return write(String(chunk));
      });
    }
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => current().stage.close());
  return current;
}
