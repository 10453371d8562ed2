import { beforeEach, expect, test, vi } from "vitest";
import type { MetricName } from "../../lib/contract/metrics.ts";
import { InitiatePaused } from "../../lib/domain/errors.ts";
import { namespaceFingerprint, refOf, requestHash } from "../../lib/domain/ids.ts";
import { PriceBook } from "../../lib/domain/prices.ts";
import { initiate } from "../../lib/flows/initiate.ts";
import type { InitiatePorts } from "../../lib/flows/steps/begin-request.ts";
import { PaymentTable } from "../../lib/table/payments.ts";
import { RequestTable } from "../../lib/table/requests.ts";
import { TableIdentity } from "../../lib/table/table-identity.ts";
import { TX_STAGE } from "../../local/environment.ts";
import { MemoryTable } from "../support/memory-table.ts";
import { CHECKOUT_URL, FEE, KEY, NAMESPACE, POLICY, T0 } from "../support/payments.ts";

const RUN = { deadline: T0 + 11_000, leaseUntil: T0 + 17_000 };
const COMMAND = { ...FEE, requestId: "r", amount: undefined, currency: undefined, caller: "c", contact: {} };

let memory: MemoryTable;
let counted: MetricName[];
let namespace: string;
const initialize = vi.fn(async () => ({ kind: "opened", checkoutUrl: CHECKOUT_URL }) as const);

beforeEach(() => {
  memory = new MemoryTable();
  counted = [];
  namespace = NAMESPACE;
  initialize.mockClear();
});

function portsOf(): InitiatePorts {
  const { client } = memory;
  const quota = { name: "initiate", limit: 10, windowSeconds: 60, remaining: 9, resetSeconds: 60 };
  const clock = { now: () => T0, sleep: async () => undefined };
  return {
    payments: new PaymentTable(client, "payments", TX_STAGE),
    requests: new RequestTable(client, "payments"),
    contacts: { store: async () => undefined },
    chapa: {
      current: async () => ({ key: KEY, mode: "test" }),
      renewed: async () => ({ key: KEY, mode: "test" }),
      initialize,
      verify: async () => ({ kind: "unavailable", reason: "unreachable" }),
      cancel: async () => "unclear",
    },
    customers: { find: async () => undefined },
    limiter: { take: async () => ({ allowed: true, quota }), refused: () => undefined },
    presses: { take: async () => ({ allowed: true, quota }) },
    namespace: async () => namespace,
    txStage: TX_STAGE,
    priceBook: PriceBook.parse({ listing_fee: { amounts: ["500.00"] } }),
    policy: POLICY,
    identity: new TableIdentity(client, "payments", clock),
    baseUrl: "https://pay.rental.et",
    clock,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    count: (name) => void counted.push(name),
  };
}

let presses = 0;
const press = (ports = portsOf()) => initiate(ports, COMMAND, { ...RUN, me: `press ${presses++}` });

const PAUSED = { by: "user:1", reason: "a restore", at: T0 - 1 };
const IDENTITY = { pk: "H#table", table: "payments", namespace: namespaceFingerprint(NAMESPACE) };

test.each([
  ["the namespace in the secret was changed", {}, "changed-by-hand"],
  ["the rows were restored from another table", { table: "payments-restored" }, NAMESPACE],
  ["the row is damaged", { namespace: 7 }, NAMESPACE],
])("while %s, a press opens nothing, leaves no claim, and is counted for an alarm", async (_, change, given) => {
  memory.rows.set("H#table", { ...IDENTITY, ...change });
  namespace = given;
  const ports = portsOf();
  await expect(press(ports)).rejects.toThrow(InitiatePaused);
  expect(counted).toEqual(["TableMismatch"]);
  expect(memory.rows.get(`P#${refOf(given, FEE)}`)).toBeUndefined();
  expect(memory.rows.get(`R#${requestHash(given, FEE.userId, "r")}`)).toMatchObject({ refused: true });

  const rows = new Map(memory.rows);
  await expect(press(ports)).rejects.toThrow(InitiatePaused);
  expect(memory.rows).toEqual(rows);
  expect(counted).toEqual(["TableMismatch", "TableMismatch"]);
  expect(initialize).not.toHaveBeenCalled();
});

test("a person's pause refuses presses without an alarm, and after it the same request opens a checkout as a new one", async () => {
  memory.rows.set("H#table", { ...IDENTITY, paused: PAUSED });
  await expect(press()).rejects.toThrow(InitiatePaused);
  expect(counted).toEqual([]);
  memory.rows.set("H#table", IDENTITY);
  expect(await press()).toMatchObject({ replayed: false, payment: { state: "PENDING", checkoutUrl: CHECKOUT_URL } });
});

test("a pause keeps the payment that was there, and refuses a repeated request, too", async () => {
  const { payment } = await press();
  memory.rows.set("H#table", { ...IDENTITY, paused: PAUSED });
  await expect(press()).rejects.toThrow(InitiatePaused);
  memory.rows.set("H#table", IDENTITY);
  expect(await press()).toMatchObject({ replayed: true, payment: { ref: payment.ref, version: payment.version } });
  expect(initialize).toHaveBeenCalledTimes(1);
});
