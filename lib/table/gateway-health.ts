import { type DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import type { Instant } from "../domain/time.ts";
import { callTable } from "./conditional.ts";
import { probeKey } from "./keys.ts";

/** What was found when Chapa was last asked whether it is there. */
export type Probe = { isReachable: boolean; at: Instant };

const StoredProbe = z
  .object({ is_reachable: z.boolean(), at: z.number().int() })
  .transform(({ is_reachable, at }): Probe => ({ isReachable: is_reachable, at }));

/** The last look at Chapa's well-being, so that asking for ours costs Chapa nothing. */
export class GatewayHealthTable {
  readonly #client: DynamoDBDocumentClient;
  readonly #name: string;

  constructor(client: DynamoDBDocumentClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  async record({ isReachable, at }: Probe): Promise<void> {
    const Item = { ...probeKey, is_reachable: isReachable, at };
    await callTable(() => this.#client.send(new PutCommand({ TableName: this.#name, Item })));
  }

  /** @throws DependencyUnavailable when the table does not answer, which is news of its own */
  async last(): Promise<Probe | undefined> {
    const { Item } = await callTable(() => this.#client.send(new GetCommand({ TableName: this.#name, Key: probeKey })));
    return Item && StoredProbe.parse(Item);
  }
}
