// First of all, so that no module keeps a Date that cannot be moved.
import "../../local/process-clock.ts";
import { randomBytes } from "node:crypto";
import { Command } from "../../commands/command.ts";
import { integer } from "../../commands/options.ts";
import { Progress } from "../../commands/progress.ts";
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
import { ContactTable } from "../../lib/table/contacts.ts";
import { PaymentTable } from "../../lib/table/payments.ts";
import { RequestTable } from "../../lib/table/requests.ts";
import { CHAPA_DEFAULTS, type ChapaSimulator } from "../../local/chapa/simulator.ts";
import { startChapa } from "../../local/chapa/start.ts";
import { startEngine } from "../../local/dynamo/engine.ts";
import { createTable } from "../../local/dynamo/table.ts";
import { type CuttingProxy, type Judge, startCuttingProxy } from "../support/cutting-proxy.ts";
import { POLICY } from "../support/payments.ts";
import { seeded } from "../support/seeded-random.ts";

export type RaceOptions = { keys: number; parallel: number; seed: number; faultRate: number };

/** What came of it: every fault is a fee's number and what was wrong with it. */
export type Raced = {
  faults: string[];
  answers: number;
  /** Tries that ended without an answer: told to wait, or cut off by a fault or an overloaded machine. */
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
// The local engine takes longer for a write the more rows it has, so that so many fees share one.
const FEES_AN_ENGINE = 100;
// Callers share clients of the table as they would processes; one client has fifty connections.
const PROCESSES = 10;

/**
 * For each fee so many callers at once, each with a request of its own, on a real engine by the real SDK and with a
 * Chapa over HTTP, both of which fail now and then: one checkout URL for all of them.
 */
export async function race(options: RaceOptions): Promise<Raced> {
  const startedAt = performance.now();
  const engine = await startEngine();
  await createTable(engine.endpoint, NAME);
  const random = seeded(options.seed);
  const chapa = await startChapa({ seed: options.seed });
  const proxies = { table: await startCuttingProxy(engine.endpoint), chapa: await startCuttingProxy(chapa.origin) };
  for (const proxy of Object.values(proxies)) proxy.judge = unsteady(random, options.faultRate);
  Object.assign(process.env, {
    AWS_REGION: "eu-west-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_ENDPOINT_URL_DYNAMODB: proxies.table.origin,
  });
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

function nothingRaced(): Raced {
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
  const propertyId = uuidOf(random);
  const answers = await Promise.all(
    Array.from({ length: options.parallel }, (_, index) =>
      insist(one(ports, index), propertyId, `${key}-${index}`, raced),
    ),
  );
  raced.answers += answers.length;
  const [first] = answers;
  const urls = new Set(answers.map(({ checkoutUrl }) => checkoutUrl));
  const stored = first && (await findSteadily(one(ports, 0), first.ref));
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

async function findSteadily(ports: InitiatePorts, ref: Parameters<InitiatePorts["payments"]["find"]>[0]) {
  for (let tries = 1; ; tries++) {
    try {
      return await ports.payments.find(ref);
    } catch (error) {
      if (!(error instanceof DependencyUnavailable) || tries === TRIES) throw error;
    }
  }
}

function unsteady(random: () => number, rate: number): Judge {
  return () => {
    if (random() >= rate) return "pass";
    return random() < 0.5 ? "cut" : "refuse";
  };
}

function portsOf(chapa: ChapaSimulator, proxy: CuttingProxy): InitiatePorts {
  const client = documentClient();
  const key = async () => CHAPA_DEFAULTS.secretKey;
  return {
    payments: new PaymentTable(client, NAME),
    requests: new RequestTable(client, NAME),
    contacts: new ContactTable(
      client,
      NAME,
      async () => ({ current: "k", keys: { k: Buffer.alloc(32, 1) } }),
      randomBytes,
    ),
    chapa: new ChapaClient({
      baseUrl: `${proxy.origin}/v1`,
      checkoutOrigins: [chapa.origin],
      secretKey: { get: key, renewed: key },
      send: call,
    }),
    customers: { find: async () => undefined },
    limiter: { take: async () => ({ allowed: true, quota: NAMELESS }), refused: () => undefined },
    namespace: async () => "races",
    priceBook: PriceBook.parse({ listing_fee: { amounts: ["500.00"] } }),
    policy: POLICY,
    paused: false,
    baseUrl: "https://pay.rental.et",
    clock: systemClock,
    log: QUIET,
    count: () => undefined,
  };
}

function uuidOf(random: () => number): Uuid {
  const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join("");
  return Uuid.parse(
    `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`,
  );
}

const command = new Command({
  name: "npm run races",
  summary: "Lets many callers ask at once for each of many fees, with faults: they all get one checkout URL.",
  duration: "half an hour for 1,000 fees with 100 callers each",
  options: {
    keys: integer("how many fees", 1000),
    parallel: integer("callers at once for each", 100),
    seed: integer("what chance decides", 1),
  },
  examples: { "npm run races -- --keys 50 --parallel 20": "a short run" },
});

async function main(): Promise<void> {
  const options = command.read();
  const progress = new Progress();
  const say = (text: string) => progress.print(text);
  const raced = nothingRaced();
  for (let done = 0; done < options.keys; done += FEES_AN_ENGINE) {
    const keys = Math.min(FEES_AN_ENGINE, options.keys - done);
    const seed = options.seed + done / FEES_AN_ENGINE;
    const part = await race({ ...options, keys, seed, faultRate: 0.01 });
    for (const fault of part.faults) say(`BROKEN: ${fault} (seed ${seed})`);
    raced.faults.push(...part.faults);
    for (const name of ["answers", "retries", "cutOff", "transactions", "cutAnswers", "seconds"] as const)
      raced[name] += part[name];
    progress.show(`${done + keys} of ${options.keys} fees`);
  }
  progress.end();
  say(
    `${options.keys} fees × ${options.parallel} callers at once: ${raced.answers} answers, ${raced.retries} retries (${raced.cutOff} after a fault), ${raced.cutAnswers} lost answers, ` +
      `${(raced.transactions / options.keys).toFixed(3)} transactions at Chapa for each payment, ${raced.faults.length} faults, ${raced.seconds} s (seed ${options.seed})`,
  );
  // Of few fees a single lost answer is more than one in twenty.
  const isWasteful = raced.transactions > options.keys * 1.05 + 1;
  if (raced.faults.length > 0 || isWasteful) process.exitCode = 1;
}

if (import.meta.main) await main();
