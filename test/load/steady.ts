import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import * as z from "zod";
import { startChild } from "../../commands/children.ts";
import { Progress } from "../../commands/progress.ts";
import { SECOND_MS } from "../../lib/domain/time.ts";
import { ApiClient } from "../../local/api-client.ts";
import { CloudAddress } from "./address.ts";
import { type Cpu, cpuOf, memoryOf } from "./cpu.ts";
import { Answers, inLanes } from "./lanes.ts";

const REST_MS = 15 * SECOND_MS;
const WINDOW = 1_000;
// A ratio of fewer payments says nothing.
const JUDGED_FROM = 5 * WINDOW;
const SLOWEST = 0.7;
const REST_ALLOWED = 0.03;
const BETWEEN_READS_MS = 100;

/** @returns the exit code */
export async function playSteady({ payments, lanes }: { payments: number; lanes: number }): Promise<number> {
  const environment = { ...process.env, RATE_LIMIT_INITIATE: "1000000", RATE_LIMIT_TOKEN: "1000000" };
  const child = startChild(process.execPath, ["local/main.ts", "--port", "0", "--json", "--quiet"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: environment,
  });
  const [line] = await once(createInterface({ input: child.stdout ?? process.stdin }), "line");
  const address = CloudAddress.parse(JSON.parse(z.string().parse(line)));
  const client = new ApiClient(address);
  const pid = child.pid ?? 0;

  const before = await restOf(pid);
  const memoryBefore = memoryOf(pid);
  const answers = new Answers();
  const ends: number[] = [];
  const progress = new Progress();
  const startedAt = performance.now();
  const busy = cpuOf(pid);
  await inLanes(payments, lanes, async () => {
    answers.add(await playPayment(client));
    ends.push(performance.now());
    progress.show(`${ends.length} of ${payments} payments`);
  });
  progress.end();
  const cpu = since(busy, cpuOf(pid));
  const seconds = (performance.now() - startedAt) / SECOND_MS;
  await settled(address.control);
  const after = await restOf(pid);
  const memoryAfter = memoryOf(pid);
  child.kill("SIGTERM");
  await once(child, "exit");

  const window = Math.min(WINDOW, Math.floor(payments / 5));
  const rate = (from: number, to: number) => (to - from) / ((Number(ends[to]) - Number(ends[from])) / SECOND_MS);
  const [first, last] = [rate(0, window), rate(payments - 1 - window, payments - 1)];
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  say(`answers: ${answers}`);
  say(
    `\n${payments} payments through one local cloud, ${lanes} at the same time: ${answers.count("paid")} paid; ` +
      `${first.toFixed(1)} a second at first, ${last.toFixed(1)} at last (${(last / first).toFixed(2)} of it), over ${window} each; ` +
      `${((cpu.seconds * 1000) / payments).toFixed(1)} ms of CPU each; at rest ${percent(before)} of a core before, ${percent(after)} after; ` +
      `memory ${memoryBefore} MB before, ${memoryAfter} MB after (${Math.round(seconds)} s)`,
  );
  const isRight = answers.count("paid") === payments;
  const isSteady =
    payments < JUDGED_FROM || (last >= SLOWEST * first && before <= REST_ALLOWED && after <= REST_ALLOWED);
  return isRight && isSteady ? 0 : 1;
}

/** One payment from the press to its success. @returns "paid", or the first answer that is not as it must be */
async function playPayment(client: ApiClient): Promise<string> {
  const pressed = await client.initiate({ property_id: randomUUID() });
  if (pressed.status !== 202) return `initiate ${pressed.status}`;
  const acted = await client.act(String(pressed.body["checkout_url"]), "pay");
  if (acted.status !== 200) return `pay ${acted.status}`;
  for (;;) {
    const { status, body } = await client.status(String(pressed.body["id"]));
    if (status !== 200) return `status ${status}`;
    if (body["status"] === "SUCCESS") return "paid";
    await pause(BETWEEN_READS_MS);
  }
}

/** Waits until everything that the payments have caused is done. */
async function settled(control: string): Promise<void> {
  while (!(await fetch(`${control}/sweep`, { method: "POST" })).ok);
}

/** The share of a core that the cloud and its engine use while nobody calls. */
async function restOf(pid: number): Promise<number> {
  await pause(REST_MS / 3);
  const begun = cpuOf(pid);
  await pause(REST_MS);
  const { seconds, at } = since(begun, cpuOf(pid));
  return seconds / at;
}

function since(begun: Cpu, now: Cpu): Cpu {
  return { seconds: now.seconds - begun.seconds, at: now.at - begun.at };
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
