// Must be the first import, so that no module keeps the original Date.
import "../../local/process-clock.ts";
import { ChapaClient } from "../../lib/chapa/client.ts";
import { CheckoutBeingOpened, DependencyUnavailable, GatewayUnavailable } from "../../lib/domain/errors.ts";
import { Uuid } from "../../lib/domain/ids.ts";
import { PriceBook } from "../../lib/domain/prices.ts";
import { SECOND_MS } from "../../lib/domain/time.ts";
import { initiate } from "../../lib/flows/initiate.ts";
import type { InitiatePorts } from "../../lib/flows/steps/begin-request.ts";
import { call } from "../../lib/runtime/call.ts";
import { systemClock } from "../../lib/runtime/clock.ts";
import { documentClient } from "../../lib/table/client.ts";
import { CHAPA_DEFAULTS, type ChapaSimulator } from "../../local/chapa/simulator.ts";
import { startChapa } from "../../local/chapa/start.ts";
import { startEngine } from "../../local/dynamo/engine.ts";
import { createTable } from "../../local/dynamo/table.ts";
import { TX_STAGE } from "../../local/environment.ts";
import { type CuttingProxy, type Judge, startCuttingProxy } from "../support/cutting-proxy.ts";
import { POLICY } from "../support/payments.ts";
import { seeded, seededUuid } from "../support/seeded-random.ts";
import { steadily } from "../support/steadily.ts";
import { adaptersOf, reachTableAt } from "../support/tables.ts";

export type RaceOptions = { keys: number; parallel: number; seed: number; faultRate: number };

/** The result. Each of `faults` names a fee by its number and says what was wrong. */
export type Raced = {
  faults: string[];
  answers: number;
  /** Tries without a final answer: the caller had to wait, or a fault or an overloaded machine cut the connection. */
  retries: number;
  cutOff: number;
  transactions: number;
  cutAnswers: number;
  seconds: number;
};

const NAME = "payments";
const NAMELESS = { name: "race", limit: 1, windowSeconds: 60, remaining: 1, resetSeconds: 60 };
const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };
const OWNER = Uuid.parse("6f1d2f0e-54a1-4c7e-9d54-0d6a4b0f1c11");
const CAN_BE_PAID = ["OPEN", "ATTEMPTING"];
const TRIES = 40;
// Writes to the local engine get slower with more rows, so each engine gets this many fees.
export const FEES_AN_ENGINE = 100;
// Callers share clients of the table, as they share processes on Lambda. One client has fifty connections.
const PROCESSES = 10;

/**
 * For each fee, many callers send a request at the same time, each with a request id of its own. The SDK talks to a real
 * engine and Chapa is called over HTTP; both fail sometimes. All callers of a fee must get the same checkout URL.
 */
export async function race(options: RaceOptions): Promise<Raced> {
  const startedAt = performance.now();
  const engine = await startEngine();
  await createTable(engine.endpoint, NAME);
  const random = seeded(options.seed);
  const chapa = await startChapa({ seed: options.seed });
  const proxies = { table: await startCuttingProxy(engine.endpoint), chapa: await startCuttingProxy(chapa.origin) };
  for (const proxy of Object.values(proxies)) proxy.judge = unsteady(random, options.faultRate);
  reachTableAt(proxies.table.origin);
  try {
    const ports = Array.from({ length: PROCESSES }, () => portsOf(chapa, proxies.chapa));
    const raced = nothingRaced();
    for (let key = 0; key < options.keys; key++) await raceFor(key, { options, ports, chapa, random, raced });
    raced.transactions = chapa.transactions().length;
    raced.cutAnswers = Object.values(proxies)
      .flatMap(({ hits }) => [...hits.values()])
      .reduce((sum, { cut, half }) => sum + cut + half, 0);
    raced.seconds = Math.round((performance.now() - startedAt) / SECOND_MS);
    return raced;
  } finally {
    await Promise.all([...Object.values(proxies).map((proxy) => proxy.close()), chapa.close()]);
    await engine.close();
  }
}

export function nothingRaced(): Raced {
  return { faults: [], answers: 0, retries: 0, cutOff: 0, transactions: 0, cutAnswers: 0, seconds: 0 };
}

type Race = {
  options: RaceOptions;
  ports: readonly InitiatePorts[];
  chapa: ChapaSimulator;
  random: () => number;
  raced: Raced;
};

async function raceFor(key: number, { options, ports, chapa, random, raced }: Race): Promise<void> {
  const propertyId = Uuid.parse(seededUuid(random));
  const answers = await Promise.all(
    Array.from({ length: options.parallel }, (_, index) =>
      insist(one(ports, index), propertyId, `${key}-${index}`, raced),
    ),
  );
  raced.answers += answers.length;
  const [first] = answers;
  const urls = new Set(answers.map(({ checkoutUrl }) => checkoutUrl));
  const stored = first && (await steadily(() => one(ports, 0).payments.find(first.ref), TRIES));
  const live = chapa
    .transactions()
    .filter(({ txRef, state }) => first && txRef.startsWith(first.ref) && CAN_BE_PAID.includes(state));
  const published = live.filter(({ checkoutUrl }) => urls.has(checkoutUrl));
  const wrong = [
    urls.size === 1 && !urls.has(undefined) ? [] : `${urls.size} URLs were told`,
    stored?.checkoutUrl === first?.checkoutUrl ? [] : "the URL told is not the one stored",
    published.length === 1 ? [] : `${published.length} published checkouts can be paid`,
  ].flat();
  raced.faults.push(...wrong.map((what) => `fee ${key} (${first?.ref}): ${what}`));
}

/** One caller, who tries again as long as the answer says so. */
async function insist(ports: InitiatePorts, propertyId: Uuid, requestId: string, raced: Raced) {
  const command = {
    userId: OWNER,
    propertyId,
    purpose: undefined,
    amount: undefined,
    currency: undefined,
    requestId,
    contact: {},
    caller: "owner",
  };
  for (let tries = 1; ; tries++) {
    const now = systemClock.now();
    const run = { me: `${requestId}.${tries}`, deadline: now + 5 * SECOND_MS, leaseUntil: now + 7 * SECOND_MS };
    try {
      return (await initiate(ports, command, run)).payment;
    } catch (error) {
      const isAskedBack =
        error instanceof CheckoutBeingOpened ||
        error instanceof DependencyUnavailable ||
        error instanceof GatewayUnavailable;
      if (!isAskedBack || tries === TRIES) throw error;
      raced.retries++;
      if (!(error instanceof CheckoutBeingOpened)) raced.cutOff++;
      await systemClock.sleep(100 * tries);
    }
  }
}

function one(ports: readonly InitiatePorts[], index: number): InitiatePorts {
  const chosen = ports[index % ports.length];
  if (!chosen) throw new Error("there is no process to race in");
  return chosen;
}

function unsteady(random: () => number, rate: number): Judge {
  return () => {
    if (random() >= rate) return "pass";
    return random() < 0.5 ? "cut" : "refuse";
  };
}

function portsOf(chapa: ChapaSimulator, proxy: CuttingProxy): InitiatePorts {
  const keys = async () => [CHAPA_DEFAULTS.secretKey];
  return {
    ...adaptersOf(documentClient()),
    chapa: new ChapaClient({
      baseUrl: `${proxy.origin}/v1`,
      checkoutOrigins: [chapa.origin],
      keys: { get: keys, renewed: keys },
      send: call,
    }),
    customers: { find: async () => undefined },
    limiter: { take: async () => ({ allowed: true, quota: NAMELESS }), refused: () => undefined },
    presses: { take: async () => ({ allowed: true, quota: NAMELESS }) },
    namespace: async () => "races",
    priceBook: PriceBook.parse({ listing_fee: { amounts: ["500.00"] } }),
    policy: POLICY,
    txStage: TX_STAGE,
    identity: { closed: async () => undefined, knownClosed: () => undefined },
    baseUrl: "https://pay.rental.et",
    clock: systemClock,
    log: QUIET,
    count: () => undefined,
  };
}
