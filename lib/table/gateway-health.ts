import { type DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import type { Instant } from "../domain/time.ts";
import { callTable } from "./conditional.ts";
import { gatewayHealthKey } from "./keys.ts";

/** The result of the last health check of Chapa. */
export type GatewayHealth = { isReachable: boolean; at: Instant };

const StoredGatewayHealth = z
  .object({ is_reachable: z.boolean(), at: z.number().int() })
  .transform(({ is_reachable, at }): GatewayHealth => ({ isReachable: is_reachable, at }));

/** The last health check of Chapa, so that a health request causes no call to Chapa. */
export class GatewayHealthTable {
  readonly #client: DynamoDBDocumentClient;
  readonly #name: string;

  constructor(client: DynamoDBDocumentClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  async record({ isReachable, at }: GatewayHealth): Promise<void> {
    const Item = { ...gatewayHealthKey, is_reachable: isReachable, at };
    await callTable(() => this.#client.send(new PutCommand({ TableName: this.#name, Item })));
  }

  /**
   * Returns the last result; undefined before the first check, and for a row that cannot be read.
   * @throws DependencyUnavailable if the table does not answer
   */
  async last(): Promise<GatewayHealth | undefined> {
    const { Item } = await callTable(() =>
      this.#client.send(new GetCommand({ TableName: this.#name, Key: gatewayHealthKey })),
    );
    return StoredGatewayHealth.safeParse(Item).data;
  }
}
