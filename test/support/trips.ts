import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe } from "node:diagnostics_channel";
import type { ClientRequest } from "node:http";
import { expect } from "vitest";

// So long after the last answer no further call may begin, also on a busy machine.
const QUIET_MS = 250;
const running = new AsyncLocalStorage<Trips>();

/**
 * The outgoing calls of one piece of work, in rounds: no answer is given before every call that is under way has its own
 * and no further one begins. So each round is one sequential trip, however many calls go side by side.
 */
class Trips {
  /** Of each trip, the calls that go side by side. */
  readonly done: string[][] = [];
  #calls: string[] = [];
  #underWay = 0;
  #held: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  add(request: ClientRequest): void {
    this.#underWay++;
    this.#calls.push([request.method, request.path, request.getHeader("x-amz-target")].join(" ").trimEnd());
    clearTimeout(this.#timer);
    const emit = request.emit.bind(request);
    request.emit = (event: string, ...values: unknown[]) => {
      if (event !== "response") return emit(event, ...values);
      this.#held.push(() => emit(event, ...values));
      this.#underWay--;
      clearTimeout(this.#timer);
      if (this.#underWay === 0) this.#timer = setTimeout(() => this.#release(), QUIET_MS);
      return true;
    };
  }

  #release(): void {
    this.done.push(this.#calls);
    this.#calls = [];
    const held = this.#held;
    this.#held = [];
    for (const answer of held) answer();
  }
}

subscribe("http.client.request.created", (message) => {
  if (isCreated(message)) running.getStore()?.add(message.request);
});

function isCreated(message: unknown): message is { request: ClientRequest } {
  return typeof message === "object" && message !== null && "request" in message;
}

/** Fails unless `work` makes `count` trips one after the other, from its first instruction to its result. */
export async function expectTrips(work: () => Promise<unknown>, count: number): Promise<void> {
  const trips = new Trips();
  await running.run(trips, work);
  expect(trips.done.length, trips.done.map((calls) => calls.join(" beside ")).join(", then ")).toBe(count);
}
