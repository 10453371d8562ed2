import { readFileSync } from "node:fs";
import { marshall } from "@aws-sdk/util-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Payment } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import { documentClient } from "../../lib/table/client.ts";
import { toItem } from "../../lib/table/payment-item.ts";
import { PaymentTable } from "../../lib/table/payments.ts";
import type { Checkout, Stage } from "../../local/demo/stage.ts";
import { availableEngines } from "../../local/dynamo/engine.ts";
import { TABLE_NAME, TX_STAGE } from "../../local/environment.ts";
import { itemSize } from "../support/item-size.ts";
import { anOpened, aRef, aSettled } from "../support/payments.ts";
import { openStage } from "../support/stage.ts";
import { type TableCall, type Usage, UsageMeter } from "../support/usage.ts";

const DOCUMENT = readFileSync(new URL("../../docs/performance.md", import.meta.url), "utf8");
const COUNTS = new URL("../../bench/counts.json", import.meta.url).pathname;
const EVERY_MINUTE = ["timeout-payments", "notify-user"] as const;
const SCHEDULED: readonly string[] = [...EVERY_MINUTE, "reconcile-payments"];
// Once for a table, and once for a process in half a minute: no part of a payment.
const IDENTITY = "identity of the table";
const ONE_UNIT_BYTES = 1_024;
const MANY = 1_000;
// The sweep comes up to a minute late. It closes a checkout a moment after it has begun, so the verification a week later is due a
// moment after the sweep that finalises, and waits for the next one.
const untilSweep = ({ state }: Payment) => (state === "PENDING" ? 45 : 15) * SECOND_MS;

type Sums = { wru: number; rru: number };

// dynalite does not count the units of indexes.
describe.runIf(availableEngines().includes("dynoxide"))("units", () => {
  let stage: Stage;
  let meter: UsageMeter;
  beforeAll(async () => {
    stage = await openStage();
    meter = await UsageMeter.open(stage);
  });
  afterAll(async () => {
    await meter.close();
    await stage.close();
  });
  beforeEach(begin);

  async function begin(): Promise<void> {
    await meter.begin();
    // The webhook alone. A callback comes at the same time, so what it still finds to do differs from run to run.
    stage.plan({ callback: { send: "off" } });
    for (const name of EVERY_MINUTE) await stage.cloud.functions.invoke(name, {});
  }

  async function idleMinute(): Promise<Usage> {
    meter.take();
    for (const name of EVERY_MINUTE) await stage.cloud.functions.invoke(name, {});
    return meter.take();
  }

  async function untilAtRest({ txRef }: Checkout): Promise<void> {
    for (;;) {
      const payments = await stage.cloud.rows.payments();
      const found = payments.find(({ ref }) => txRef.includes(ref));
      // Above it, each write would cost two units.
      expect(found && itemSize(marshall(toItem(found)))).toBeLessThan(ONE_UNIT_BYTES);
      if (found?.dueAt === undefined) return;
      await stage.cloud.advance(found.dueAt - stage.cloud.clock.now() + untilSweep(found));
    }
  }

  /** What one payment uses until nothing of it is due, without what a minute uses that has no payment. */
  async function payment(how: "paid" | "unpaid"): Promise<Usage> {
    const minute = await idleMinute();
    const checkout = await stage.checkout(stage.addProperty());
    if (how === "paid") await stage.act(checkout, "pay");
    await stage.cloud.advance(MINUTE_MS);
    await untilAtRest(checkout);
    return partOf(meter.take(), minute);
  }

  async function storeMany(): Promise<void> {
    const client = documentClient();
    const payments = new PaymentTable(client, TABLE_NAME, TX_STAGE);
    for (let stored = 0; stored < MANY; stored++) {
      await payments.create({ ...aSettled("expire", anOpened(aRef())), dueAt: undefined });
    }
    client.destroy();
    await stage.cloud.settle();
  }

  /** What the comparisons with Chapa's list use while this time passes. */
  async function comparison(ms = DAY_MS): Promise<Sums> {
    meter.take();
    await stage.cloud.advance(ms);
    return sumOf(meter.take().table.filter(({ by }) => by === "reconcile-payments"));
  }

  test.each([
    ["a payment that is paid", "A paid payment", "paid"],
    ["a payment that nobody pays", "An unpaid payment", "unpaid"],
  ] as const)("%s uses the units that docs/performance.md names, each write and read", async (_, heading, how) => {
    expect(rowsOf((await payment(how)).table)).toEqual(documented(heading));
  });

  test("an idle minute uses the units that docs/performance.md names, each write and read", async () => {
    expect(rowsOf((await idleMinute()).table)).toEqual(documented("An idle minute"));
  });

  test("payments and minutes use no more units beside a thousand stored payments", async () => {
    await storeMany();
    expect(rowsOf((await idleMinute()).table)).toEqual(documented("An idle minute"));
    expect(rowsOf((await payment("paid")).table)).toEqual(documented("A paid payment"));
    expect(rowsOf((await payment("unpaid")).table)).toEqual(documented("An unpaid payment"));
  });

  test("the recorded counts, of which the cost is computed, are what the functions use", async () => {
    const minute = countsOf(await idleMinute());
    const idle = await comparison();
    const repeated = await comparison(HOUR_MS);
    await begin();
    const paid = countsOf(await payment("paid"));
    await begin();
    const unpaid = countsOf(await payment("unpaid"));
    await begin();
    const checkout = await stage.checkout();
    await stage.act(checkout, "pay");
    await stage.status(checkout);
    meter.take();
    await stage.status(checkout);
    const status = countsOf(meter.take());
    const counts = { paid, unpaid, status, minute, comparison: { idle, repeated } };
    await expect(`${JSON.stringify(counts, undefined, 2)}\n`).toMatchFileSnapshot(COUNTS);
  });
});

const labelOf = ({ by, what }: TableCall) => `${by} | ${what}`;

function partOf(used: Usage, minute: Usage): Usage {
  const idle = new Set([...minute.table.map(labelOf), ...minute.sqs]);
  return {
    table: used.table.filter(
      (call) => !idle.has(labelOf(call)) && call.by !== "reconcile-payments" && !call.what.endsWith(IDENTITY),
    ),
    // How many changes one run of the publisher gets depends on time. The cost counts one run for each change.
    invocations: used.invocations.filter((name) => !SCHEDULED.includes(name) && name !== "publish-events"),
    sqs: used.sqs.filter((call) => !idle.has(call)),
    records: used.records.filter((name) => !SCHEDULED.includes(name)),
  };
}

function sumOf(calls: readonly Sums[]): Sums {
  return calls.reduce((sum, { wru, rru }) => ({ wru: sum.wru + wru, rru: sum.rru + rru }), { wru: 0, rru: 0 });
}

function timesOf(names: readonly string[]): Record<string, number> {
  const sorted = [...new Set(names)].toSorted();
  return Object.fromEntries(sorted.map((name) => [name, names.filter((other) => other === name).length]));
}

function countsOf({ table, invocations, sqs, records }: Usage) {
  return { ...sumOf(table), invocations: timesOf(invocations), sqs: timesOf(sqs), records: records.length };
}

/** Rows as in the document: function, call, times, write units, read units; the last one is the sum. */
function rowsOf(calls: readonly TableCall[]): string[] {
  const kinds = Map.groupBy(calls, (call) => `${labelOf(call)}, ${call.wru}, ${call.rru}`);
  const rows = [...kinds.values()].map((same) => {
    const { wru, rru } = sumOf(same);
    return `| ${same[0] && labelOf(same[0])} | ${same.length} | ${wru} | ${rru} |`;
  });
  const { wru, rru } = sumOf(calls);
  return [...rows.toSorted(), `| sum | | | ${wru} | ${rru} |`];
}

function documented(heading: string): string[] {
  const [, section = ""] = DOCUMENT.split(`\n### ${heading}\n`);
  const rows = section.split(/\n#{2,3} /)[0]?.match(/^\| .*\|$/gm) ?? [];
  return [...rows.slice(1, -1).toSorted(), ...rows.slice(-1)];
}
