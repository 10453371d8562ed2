import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import * as z from "zod";
import type { Cloud } from "../local/cloud.ts";
import { buildTwins, NotMeasured } from "./cold-load.ts";
import { type Sample, sampleOf } from "./sample.ts";

/** The most that loading and the first request of a function may take, as a part of what the default-built handler takes. */
export const FIRST_REQUEST_GOAL = 0.6;

// Lambda gives a function of 1,769 MB one processor, and one of 256 MB as much less in each period.
const PERIOD_US = 20_000;
const QUOTA_US = Math.round((PERIOD_US * 256) / 1769);
const GROUPS = "/sys/fs/cgroup/cpu";
const ROUNDS = 9;

const Measured = z.object({ init: z.number(), first: z.number() });

/** Milliseconds of loading at full speed and of the first request at the share of 256 MB; `ratio`: of their sums. */
export type FirstRequest = { init: Sample; first: Sample; byDefault: { init: Sample; first: Sample }; ratio: number };

/**
 * Measures the status function, primed as in Lambda, beside the default-built handler: each in processes of its own, one
 * after the other.
 * @param folder the bundles
 * @throws NotMeasured where this user may not make a group of processes
 */
export async function measureFirstRequest(folder: string, cloud: Cloud, paymentId: string): Promise<FirstRequest> {
  const group = join(GROUPS, `chapa-payments-bench-${process.pid}`);
  try {
    mkdirSync(group);
    writeFileSync(join(group, "cpu.cfs_period_us"), String(PERIOD_US));
    writeFileSync(join(group, "cpu.cfs_quota_us"), String(QUOTA_US));
  } catch (error) {
    throw new NotMeasured(`no group of processes with a share of the processor: ${error}`);
  }
  await buildTwins(folder);
  try {
    const ours: z.infer<typeof Measured>[] = [];
    const plain: z.infer<typeof Measured>[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await measure(join(folder, "get-payment-status/index.mjs"), statusEvent(cloud, paymentId), group));
      plain.push(await measure(join(folder, "default-build/index.cjs"), { pk: `bench ${randomUUID()}` }, group));
    }
    const of = (rounds: typeof ours) => ({
      init: sampleOf(rounds.map(({ init }) => init)),
      first: sampleOf(rounds.map(({ first }) => first)),
    });
    const [status, byDefault] = [of(ours), of(plain)];
    const sum = ({ init, first }: typeof status) => init.median + first.median;
    return { ...status, byDefault, ratio: sum(status) / sum(byDefault) };
  } finally {
    rmdirSync(group);
  }
}

async function measure(file: string, event: object, group: string): Promise<z.infer<typeof Measured>> {
  const program = join(import.meta.dirname, "start-function.ts");
  const child = spawn(process.execPath, [program, file, JSON.stringify(event), join(group, "cgroup.procs")], {
    env: { ...process.env, AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand", NODE_COMPILE_CACHE: undefined },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = (await text(child.stdout)).trim().split("\n");
  return Measured.parse(JSON.parse(lines.at(-1) ?? "{}"));
}

function statusEvent({ address }: Cloud, paymentId: string): object {
  const path = `/api/v1/payments/${paymentId}/status`;
  const routeKey = "GET /api/v1/payments/{payment_id}/status";
  return {
    version: "2.0",
    routeKey,
    rawPath: path,
    rawQueryString: "",
    headers: { authorization: `Bearer ${address.users.owner.token}`, host: "local" },
    pathParameters: { payment_id: paymentId },
    requestContext: { requestId: randomUUID(), routeKey, http: { method: "GET", path, sourceIp: "127.0.0.1" } },
    isBase64Encoded: false,
  };
}
