import { randomUUID } from "node:crypto";
import { Progress } from "../../commands/progress.ts";
import { QUEUES, type QueueName } from "../../lib/contract/queues.ts";
import { MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import { ApiClient } from "../../local/api-client.ts";
import { CHAPA_DEFAULTS } from "../../local/chapa/simulator.ts";
import type { Cloud } from "../../local/cloud.ts";
import { readSettings } from "../../local/settings.ts";
import { startCloud } from "../../local/start-cloud.ts";
import { Answers, inLanes } from "./lanes.ts";

const SETTLED_WITHIN_MS = 60 * MINUTE_MS;
// The first verification of a checkout is due after two minutes.
const DUE_AFTER_MS = 3 * MINUTE_MS;
// A suppressed message comes back after five seconds.
const NEXT_MS = 6 * SECOND_MS;
const ROUNDS = 40;

type Order = { url: string; txRef: string };

/** @returns the exit code */
export async function playBurst(size: { webhooks: number; due: number; lanes: number }): Promise<number> {
  process.env["POWERTOOLS_LOG_LEVEL"] ??= "SILENT";
  process.env["POWERTOOLS_METRICS_DISABLED"] ??= "true";
  const settings = readSettings({ RATE_LIMIT_INITIATE: "1000000", RATE_LIMIT_TRIGGERS: "1000000" });
  const cloud = await startCloud({ settings });
  const client = new ApiClient(cloud.address);
  const answers = new Answers();
  const orders = await paidOrders(cloud, client, size);
  await cloud.clock.advance(DUE_AFTER_MS);

  const startedAt = performance.now();
  const sending = inLanes(size.webhooks, size.lanes, async (index) => {
    const { txRef } = orders[index % orders.length] ?? { txRef: "" };
    const body = JSON.stringify({ event: "charge.success", tx_ref: txRef, status: "success", amount: "500.00" });
    const { status } = await client.webhook(body, { secret: CHAPA_DEFAULTS.webhookSecret });
    answers.add(`webhook ${status}`);
  });
  const swept = await cloud.functions.invoke("timeout-payments", {});
  await sending;
  const sentAfter = performance.now() - startedAt;
  await resolved(cloud);
  const seconds = (performance.now() - startedAt) / SECOND_MS;

  const payments = await cloud.rows.payments();
  const success = payments.filter(({ state }) => state === "SUCCESS").length;
  const dead = (Object.keys(QUEUES) as QueueName[]).flatMap((name) => cloud.queues.state(name).dead).length;
  const verifies = cloud.chapa
    ?.journal()
    .filter((entry) => entry.kind === "request" && entry.path.includes("/verify/"));
  await cloud.close();
  say(`answers: ${answers}; the sweep: ${JSON.stringify(swept)}`);
  say(
    `\n${size.webhooks} webhooks and ${size.due} payments due at once: ${success} of ${payments.length} resolved, ` +
      `${size.webhooks - answers.count("webhook 200")} webhooks lost, ${dead} dead letters, ${verifies?.length ?? 0} verifications; ` +
      `webhooks taken in ${(sentAfter / SECOND_MS).toFixed(0)} s, everything resolved in ${seconds.toFixed(0)} s`,
  );
  const isRight = success === size.due && payments.length === size.due && dead === 0;
  return isRight && answers.count("webhook 200") === size.webhooks ? 0 : 1;
}

/** Opens checkouts that are paid while Chapa tells nobody. */
async function paidOrders(cloud: Cloud, client: ApiClient, { due, lanes }: { due: number; lanes: number }) {
  cloud.chapa?.plan("*", { dropAll: true, callback: { send: "off" } });
  const orders: Order[] = [];
  const progress = new Progress();
  await inLanes(due, lanes, async () => {
    const { status, body } = await client.initiate({ property_id: randomUUID() });
    if (status !== 202) throw new Error(`no checkout was opened: ${status} ${JSON.stringify(body)}`);
    const order = { url: String(body["checkout_url"]), txRef: String(body["chapa_tx_ref"]) };
    await client.act(order.url, "close-tab");
    orders.push(order);
    progress.show(`${orders.length} of ${due} checkouts paid, of which nobody was told`);
  });
  progress.end();
  await cloud.settle(SETTLED_WITHIN_MS);
  return orders;
}

/** Waits until no message about a payment is left, also none that comes back later. */
async function resolved(cloud: Cloud): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    await cloud.settle(SETTLED_WITHIN_MS);
    const { ready, delayed, hidden } = cloud.queues.state("resolve");
    if (ready + delayed + hidden === 0) return;
    await cloud.clock.advance(NEXT_MS);
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
