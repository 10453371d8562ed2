import { type Engine, type EngineName, startEngine } from "./dynamo/engine.ts";
import { createTable } from "./dynamo/table.ts";
import { TABLE_NAME } from "./environment.ts";
import type { Invoke } from "./lambda.ts";
import { Rows } from "./rows.ts";
import { StreamMapping, type StreamObserver } from "./stream.ts";

/** The table of one cloud with its stream. A reset starts a new engine, because an engine keeps its stream for ever. */
export class TableHost {
  readonly #engineName: EngineName | undefined;
  readonly #invoke: Invoke;
  readonly #observe: StreamObserver;
  #parts: { engine: Engine; rows: Rows; stream: StreamMapping } | undefined;

  constructor(engineName: EngineName | undefined, invoke: Invoke, observe: StreamObserver) {
    this.#engineName = engineName;
    this.#invoke = invoke;
    this.#observe = observe;
  }

  get endpoint(): string {
    return this.#started.engine.endpoint;
  }

  get engineName(): EngineName {
    return this.#started.engine.name;
  }

  get rows(): Rows {
    return this.#started.rows;
  }

  get stream(): StreamMapping {
    return this.#started.stream;
  }

  /** Replaces the table with an empty one. {@link StreamMapping.start} starts reading its stream. */
  async renew(): Promise<void> {
    await this.close();
    const engine = await startEngine(this.#engineName);
    await createTable(engine.endpoint, TABLE_NAME);
    const stream = new StreamMapping(engine.endpoint, this.#invoke, this.#observe);
    this.#parts = { engine, rows: new Rows(engine.endpoint), stream };
  }

  async close(): Promise<void> {
    if (!this.#parts) return;
    await this.#parts.stream.stop();
    await this.#parts.engine.close();
    this.#parts = undefined;
  }

  get #started() {
    if (!this.#parts) throw new Error("the table has not been created");
    return this.#parts;
  }
}
