import { expect, test } from "vitest";
import { type Ref, txRefOf } from "../../lib/domain/ids.ts";
import { MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import { sweep } from "../../lib/flows/sweep.ts";
import { DUE_SHARDS, shardOf } from "../../lib/table/keys.ts";
import { PaymentTable } from "../../lib/table/payments.ts";
import { TX_STAGE } from "../../local/environment.ts";
import { MemoryTable } from "../support/memory-table.ts";
import { anOpened, aRef, POLICY, T0 } from "../support/payments.ts";
import { seenPorts } from "../support/table-client.ts";

const NOW = T0 + 3 * MINUTE_MS;
const PAGE = 200;

/** A table with payments that are due, and a sweep of it. */
async function due(refs: readonly Ref[], openedAt: (index: number) => number) {
  const payments = new PaymentTable(new MemoryTable().client, "payments", TX_STAGE, seenPorts().ports);
  for (const [index, ref] of refs.entries()) await payments.create(anOpened(ref, openedAt(index)));
  const asked: string[] = [];
  let now = NOW;
  const { log, count } = seenPorts().ports;
  const run = (deadline: number, callMs: number) =>
    sweep(
      {
        payments,
        shards: DUE_SHARDS,
        resolve: {
          sendAll: async (messages) => {
            now += callMs;
            asked.push(...messages.map(({ message }) => message.tx_ref));
          },
        },
        listing: { sendAll: async () => undefined },
        notification: { sendAll: async () => undefined },
        clock: { now: () => now },
        log: { ...log, info: () => undefined, warn: () => undefined },
        count,
        policy: POLICY,
      },
      deadline,
    );
  return { run, asked };
}

const ofOneBucket = (many: number) =>
  Array.from({ length: 8 * many }, () => aRef())
    .filter((ref) => shardOf(ref) === "0")
    .slice(0, many);

test.each([
  ["one after the other", (index: number) => T0 - index],
  ["in the same millisecond", () => T0],
])("1,200 payments due at once, %s, are all asked for by one sweep, each once", async (_, openedAt) => {
  const refs = Array.from({ length: 1_200 }, () => aRef());
  const { run, asked } = await due(refs, openedAt);
  expect(await run(NOW + 50 * SECOND_MS, 0)).toMatchObject({ due: 1_200, verifications: 1_200 });
  expect([asked.length, new Set(asked).size]).toEqual([1_200, 1_200]);
});

test("a sweep begins no page that may not end within its minute, and leaves the least overdue to the next", async () => {
  const refs = ofOneBucket(3 * PAGE);
  const { run, asked } = await due(refs, (index) => T0 - 3 * PAGE + index);
  const { due: many } = await run(NOW + 50 * SECOND_MS, 16 * SECOND_MS);
  expect(many).toBeGreaterThan(PAGE);
  expect(many).toBeLessThanOrEqual(2 * PAGE);
  expect(asked).toEqual(refs.slice(0, many).map((ref) => txRefOf({ ref, txStage: TX_STAGE }, 0)));
});
