import { setTimeout as pause } from "node:timers/promises";
import { Command } from "../../commands/command.ts";
import { integer } from "../../commands/options.ts";
import { Progress } from "../../commands/progress.ts";
import { MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import { reportEnding, say } from "./report.ts";
import { type Ending, Testbed } from "./testbed.ts";

const command = new Command({
  name: "npm run soak",
  summary: `Runs the real functions under a steady load (pay, read the status, list, cancel, return from Chapa, webhooks), while
one in 100 calls to the table, the queues, Chapa and the listing fails. Then it checks the invariants.`,
  duration: "the given minutes and half a minute more",
  options: {
    minutes: integer("minutes of load", 2),
    seed: integer("the seed of random choices", 1),
  },
  examples: { "npm run soak -- --minutes 30": "half an hour of load" },
  notes: `Exits with 1 if an invariant is broken, if a process crashes (for example by an unhandled rejection), or if the heap of
the processes that run functions grows by a tenth or more after the warm-up.`,
});

const SIDE_BY_SIDE = 6;
const WORKERS = 2;
const FAULT_RATE = 0.01;
const GROWTH_ALLOWED = 0.1;
// The share of the run before the first heap measurement.
const WARM_UP = 0.3;
const SAMPLES = 12;

type Soaked = Ending & { heap: { begin: number; end: number; samples: number[] } };

const progress = new Progress();

async function soak(minutes: number, seed: number): Promise<Soaked> {
  const testbed = await Testbed.open({
    seed,
    workers: WORKERS,
    killRate: () => 0,
    faultRate: FAULT_RATE,
    freezeRate: 0,
    isSkewed: false,
  });
  try {
    testbed.host.arm();
    const totalMs = minutes * MINUTE_MS;
    const endsAt = performance.now() + totalMs;
    const lane = async () => {
      while (performance.now() < endsAt) await testbed.traffic.playPayment();
    };
    const reporter = setInterval(() => {
      const left = Math.max(0, Math.round((endsAt - performance.now()) / SECOND_MS));
      progress.show(`${testbed.traffic.stats.payments} payments, ${left} s left`);
    }, SECOND_MS);
    const sampling = sample(testbed, totalMs).finally(() => clearInterval(reporter));
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, lane));
    const samples = await sampling;
    progress.end();
    const third = Math.floor(samples.length / 3);
    const heap = { begin: median(samples.slice(0, third)), end: median(samples.slice(-third)), samples };
    return { ...(await testbed.end()), heap };
  } finally {
    await testbed.close();
  }
}

/** The heap of all workers together in bytes, sampled at equal intervals after the warm-up. */
async function sample({ host }: Testbed, totalMs: number): Promise<number[]> {
  const samples: number[] = [];
  await pause(totalMs * WARM_UP);
  for (let index = 0; index < SAMPLES; index++) {
    if (host.report.deaths.length > 0) break;
    samples.push((await host.heaps()).reduce((sum, bytes) => sum + bytes, 0));
    await pause((totalMs * (1 - WARM_UP)) / (SAMPLES + 1));
  }
  return samples;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

async function main(): Promise<void> {
  const { minutes, seed } = command.read();
  const startedAt = performance.now();
  const done = await soak(minutes, seed);
  const { host, stats, heap, violations } = done;
  const megabytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MB`;
  const growth = heap.end / heap.begin - 1;
  const operations = [...stats.answers.values()].reduce((sum, count) => sum + count, 0);
  const calls = [...host.callFaults.values()].reduce(
    (sum, callFaults) => sum + Object.values(callFaults).reduce((a, b) => a + b),
    0,
  );
  const wrong = [...host.callFaults.values()].reduce((sum, { refuse, cut, half }) => sum + refuse + cut + half, 0);
  const isRight = reportEnding(done);
  say(`heap of the workers: ${heap.samples.map(megabytes).join(", ")}`);
  say(
    `\n${minutes} minutes: ${operations} operations of ${stats.payments} payments, ${calls} outside calls, ${wrong} of them failed; ` +
      `heap ${megabytes(heap.begin)} → ${megabytes(heap.end)} (${(growth * 100).toFixed(1)} %); ` +
      `${host.deaths.length} unhandled, ${violations.length} violations (seed ${seed}, ${Math.round((performance.now() - startedAt) / SECOND_MS)} s)`,
  );
  const isGrown = !(growth < GROWTH_ALLOWED);
  if (!isRight || isGrown) process.exitCode = 1;
}

await main();
