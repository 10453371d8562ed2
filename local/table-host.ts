import { type Engine, type EngineName, startEngine } from "./dynamo/engine.ts";
import { createTable } from "./dynamo/table.ts";
import { TABLE_NAME } from "./environment.ts";
import type { FaultPlan } from "./faults.ts";
import type { Invoke } from "./lambda.ts";
import { Rows } from "./rows.ts";
import { StreamMapping, type StreamObserver } from "./stream.ts";

/** The table of one cloud with its stream. A reset empties the table and reads the stream from its present end. */
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

  get faults(): FaultPlan {
    return this.#started.engine.layer.faults;
  }

  /** Whether every write has been answered and every change delivered. */
  get isQuiet(): boolean {
    const { engine, stream } = this.#started;
    return !engine.layer.isBusy && stream.isQuiet;
  }

  get rows(): Rows {
    return this.#started.rows;
  }

  get stream(): StreamMapping {
    return this.#started.stream;
  }

  /** Replaces the table with an empty one. {@link StreamMapping.start} starts reading its stream. */
  async renew(): Promise<void> {
    const engine = this.#parts?.engine ?? (await this.#startEngine());
    const rows = new Rows(engine.layer.inside);
    await this.#parts?.stream.stop();
    await rows.clear();
    engine.layer.changes.take();
    const stream = new StreamMapping(engine.layer.changes, this.#invoke, this.#observe);
    this.#parts = { engine, rows, stream };
  }

  async close(): Promise<void> {
    if (!this.#parts) return;
    await this.#parts.stream.stop();
    await this.#parts.engine.close();
    this.#parts = undefined;
  }

  async #startEngine(): Promise<Engine> {
    const engine = await startEngine(this.#engineName);
    await createTable(engine.layer.inside, TABLE_NAME);
    return engine;
  }

  get #started() {
    if (!this.#parts) throw new Error("the table has not been created");
    return this.#parts;
  }
}
