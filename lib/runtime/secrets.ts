import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type * as z from "zod";
import { deadlineFactor } from "../contract/env.ts";
import { DependencyUnavailable } from "../domain/errors.ts";
import type { Clock } from "./clock.ts";
import { parseJson } from "./json.ts";
import type { Log } from "./logger.ts";

const FRESH_MS = 5 * 60_000;
// A refused value may be outdated. But strangers with wrong credentials must not cause a read each.
const RENEW_MS = 30_000;
// While an old value is available, a store that has just failed is not asked again, because waiting for it would fail
// every caller.
const SPARED_MS = 30_000;
// Two tries and the pause between them end before Chapa gives up on the webhook.
const TIMEOUT_MS = 1_500;
const CONNECT_MS = 500;

/**
 * One JSON secret. It is read when first needed and kept for five minutes. If the store does not answer or the new
 * value is malformed, the old value is used for another half minute. A failed first read is not remembered.
 */
export class Secret<Value> {
  readonly #client: SecretsManagerClient;
  readonly #arn: string;
  readonly #schema: z.ZodType<Value>;
  readonly #clock: Clock;
  readonly #log: Pick<Log, "error">;
  #value: Value | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #failedAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<Value> | undefined;

  constructor(
    { client, arn }: { client: SecretsManagerClient; arn: string },
    schema: z.ZodType<Value>,
    clock: Clock,
    log: Pick<Log, "error">,
  ) {
    this.#client = client;
    this.#arn = arn;
    this.#schema = schema;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Returns the value.
   * @throws DependencyUnavailable if it was never read and cannot be read now
   */
  async get(): Promise<Value> {
    if (this.#value !== undefined && this.#clock.now() - this.#readAt < FRESH_MS) return this.#value;
    return this.#readOnce();
  }

  /**
   * Returns the value after it did not fit: reads it again, unless that was done a moment ago.
   * @throws DependencyUnavailable as {@link get}
   */
  async renewed(): Promise<Value> {
    const isRecent = this.#value !== undefined && this.#clock.now() - this.#renewedAt < RENEW_MS;
    if (isRecent && !this.#reading) return this.get();
    this.#renewedAt = this.#clock.now();
    return this.#readOnce();
  }

  /** Callers that ask during a read share its result. An old value is better than none. */
  async #readOnce(): Promise<Value> {
    if (this.#value !== undefined && this.#clock.now() - this.#failedAt < SPARED_MS) return this.#value;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    try {
      return await this.#reading;
    } catch (error) {
      this.#failedAt = this.#clock.now();
      if (this.#value !== undefined) return this.#value;
      throw new DependencyUnavailable("The secret store", error);
    }
  }

  async #read(): Promise<Value> {
    const { SecretString } = await this.#client.send(new GetSecretValueCommand({ SecretId: this.#arn }));
    this.#value = this.#parsed(SecretString ?? "");
    this.#readAt = this.#clock.now();
    return this.#value;
  }

  // The messages of our schemas quote no value.
  #parsed(text: string): Value {
    const { data, error } = this.#schema.safeParse(parseJson(text));
    if (data !== undefined) return data;
    const fields = new Set(error?.issues.map(({ path }) => path.join(".") || "not a JSON object"));
    const reasons = new Set(error?.issues.map(({ message }) => message));
    this.#log.error("secret_malformed", {
      secret: this.#arn,
      fields: [...fields].join(", "),
      reason: [...reasons].join("; "),
    });
    throw new Error("a secret is malformed");
  }
}

/** Returns the client of the secret store. All secrets of a function share one. */
export function secretsClient(factor = deadlineFactor("stores")): SecretsManagerClient {
  return new SecretsManagerClient({
    maxAttempts: 2,
    requestHandler: {
      requestTimeout: TIMEOUT_MS * factor,
      connectionTimeout: CONNECT_MS * factor,
      throwOnRequestTimeout: true,
    },
  });
}
