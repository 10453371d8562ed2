import { beforeEach, expect, test } from "vitest";
import type { InitiateCommand } from "../../lib/domain/commands.ts";
import {
  CurrencyDiffers,
  GatewayMisconfigured,
  GatewayUnavailable,
  PriceDiffers,
  PurposeUnknown,
  RateLimited,
} from "../../lib/domain/errors.ts";
import type { VerifyResult } from "../../lib/domain/evidence.ts";
import { LAST_ATTEMPT } from "../../lib/domain/ids.ts";
import { Santim } from "../../lib/domain/money.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import { PriceBook } from "../../lib/domain/prices.ts";
import { HOUR_MS, SECOND_MS } from "../../lib/domain/time.ts";
import type { Mode } from "../../lib/domain/vocabulary.ts";
import { type Initiated, initiate } from "../../lib/flows/initiate.ts";
import type { InitiatePorts } from "../../lib/flows/steps/begin-request.ts";
import { RateLimiter, type Verdict } from "../../lib/runtime/rate-limit.ts";
import { PaymentTable } from "../../lib/table/payments.ts";
import { RequestTable } from "../../lib/table/requests.ts";
import { TX_STAGE } from "../../local/environment.ts";
import { MemoryTable } from "../support/memory-table.ts";
import { captured, FEE, KEY, moneyOn, NAMESPACE, POLICY, T0 } from "../support/payments.ts";

const QUOTA = { name: "test", limit: 9, windowSeconds: 60, remaining: 9, resetSeconds: 60 };
const TAKEN: Verdict = { allowed: true, quota: QUOTA };
const REFUSAL: Verdict = { allowed: false, retryAfterSeconds: 60, quota: QUOTA };
const FIVE_HUNDRED = '{"listing_fee":{"amounts":["500.00"]}}';
const COMMAND: InitiateCommand = {
  userId: FEE.userId,
  propertyId: FEE.propertyId,
  purpose: undefined,
  amount: undefined,
  currency: undefined,
  requestId: "first",
  contact: {},
  caller: "owner",
};

let table: MemoryTable;
/** What was read, by the first letter of its key. */
let read: string[];
let now: number;
let invocations: number;
let keyMode: Mode;
let prices: string;
let asked: string[];
let counted: string[];
let onInitialize: () => void;
/** What Chapa answers to the next verifications; "pending" after these. */
let verified: (() => VerifyResult | Promise<VerifyResult>)[];
/** What the limits say of a call. */
let taken: { limiter: Verdict; presses: Verdict };

beforeEach(() => {
  read = [];
  table = new MemoryTable(async (site, about, effect) => {
    if (site === "table.Get") read.push(about.slice(0, 1));
    return effect();
  });
  [now, invocations, keyMode, prices, asked, counted] = [T0, 0, "live", FIVE_HUNDRED, [], []];
  taken = { limiter: TAKEN, presses: TAKEN };
  onInitialize = () => undefined;
  verified = [];
});

function portsOf(): InitiatePorts {
  const quiet = () => undefined;
  const ask = async <Answer>(name: string, answer: Answer): Promise<Answer> => {
    asked.push(name);
    return answer;
  };
  return {
    payments: new PaymentTable(table.client, "payments", TX_STAGE),
    requests: new RequestTable(table.client, "payments"),
    contacts: { store: async () => undefined },
    chapa: {
      current: async () => ({ key: KEY, mode: keyMode }),
      renewed: async () => ({ key: KEY, mode: keyMode }),
      initialize: ({ txRef }) => {
        onInitialize();
        return ask("initialize", { kind: "opened", checkoutUrl: `https://checkout.chapa.co/${txRef}` });
      },
      verify: async () => ask("verify", (await verified.shift()?.()) ?? { kind: "unpaid", reason: "pending" }),
      cancel: () => ask("cancel", "closed"),
    },
    customers: { find: async () => undefined },
    limiter: { take: async () => taken.limiter, refused: () => undefined },
    presses: { take: async () => taken.presses },
    namespace: async () => NAMESPACE,
    priceBook: PriceBook.parse(JSON.parse(prices)),
    policy: { ...POLICY, expectedMode: "live" },
    txStage: TX_STAGE,
    identity: { closed: async () => undefined, knownClosed: () => undefined },
    baseUrl: "https://pay.rental.et",
    clock: { now: () => now, sleep: async () => undefined },
    log: { info: quiet, warn: quiet, error: quiet },
    count: (metric) => void counted.push(metric),
  };
}

function press(change: Partial<InitiateCommand> = {}): Promise<Initiated> {
  const run = { me: `invocation ${invocations++}`, deadline: now + 10 * SECOND_MS, leaseUntil: now + 12 * SECOND_MS };
  return initiate(portsOf(), { ...COMMAND, ...change }, run);
}

test("a caller over both limits is refused, and their request counts as new", async () => {
  const { payment } = await press();
  taken.limiter = REFUSAL;
  expect((await press({ requestId: "second" })).payment.checkoutUrl).toBe(payment.checkoutUrl);
  taken.presses = REFUSAL;
  await expect(press({ requestId: "third" })).rejects.toThrow(RateLimited);
  expect((await press({ requestId: "second" })).replayed).toBe(true);
  taken = { limiter: TAKEN, presses: TAKEN };
  expect((await press({ requestId: "third" })).replayed).toBe(false);
  expect(asked).toEqual(["initialize"]);
});

test("thirty presses of a new fee at once get one link, although only the first ten may open one", async () => {
  const counted = new RateLimiter("initiate", 10, { now: () => now });
  const ports = { ...portsOf(), limiter: counted };
  const run = (me: string) => ({ me, deadline: now + 10 * SECOND_MS, leaseUntil: now + 12 * SECOND_MS });
  const presses = Array.from({ length: 30 }, (_, index) =>
    initiate(ports, { ...COMMAND, requestId: `request ${index}` }, run(`press ${index}`)),
  );
  const links = (await Promise.all(presses)).map(({ payment }) => payment.checkoutUrl);
  expect(new Set(links).size).toBe(1);
  expect(links[0]).toMatch(/^https:/);
  expect(asked).toEqual(["initialize"]);
});

test("a caller over the limit who would need another checkout is refused, and their request counts as new", async () => {
  const { payment } = await press();
  now += 2 * HOUR_MS;
  taken.limiter = REFUSAL;
  await expect(press({ requestId: "second" })).rejects.toThrow(RateLimited);
  expect(asked).toEqual(["initialize"]);
  taken.limiter = TAKEN;
  const renewed = await press({ requestId: "second" });
  expect([renewed.replayed, renewed.payment.attempt]).toEqual([false, payment.attempt + 1]);
});

test("a press while the key is a test key of a stage that sells opens, closes and claims nothing", async () => {
  keyMode = "test";
  await expect(press()).rejects.toThrow(GatewayMisconfigured);
  expect([asked, table.rows.size]).toEqual([[], 0]);
  expect(counted).toEqual(["KeyModeWrong"]);

  keyMode = "live";
  const opened = await press();
  expect([opened.replayed, opened.payment.terms.mode]).toEqual([false, "live"]);

  [keyMode, asked, now] = ["test", [], now + 2 * HOUR_MS];
  const rows = JSON.stringify([...table.rows]);
  await expect(press()).rejects.toThrow(GatewayMisconfigured);
  expect([asked, JSON.stringify([...table.rows])]).toEqual([[], rows]);
});

test("a press while the key is of the other mode still gets the checkout that is open, and a replay its answer", async () => {
  const { payment } = await press();
  keyMode = "test";
  const replay = await press();
  expect([replay.replayed, replay.payment.checkoutUrl]).toEqual([true, payment.checkoutUrl]);
  const other = await press({ requestId: "second" });
  expect([other.replayed, other.payment.checkoutUrl]).toEqual([false, payment.checkoutUrl]);
  expect((await press({ requestId: "second" })).replayed).toBe(true);
  await expect(press({ requestId: "first", amount: Santim.parse(50_000) })).rejects.toThrow("amount");
  expect(asked).toEqual(["initialize"]);
});

test("a replay of a request from before a change of the price gets the same answer, a new request does not", async () => {
  const amount = Santim.parse(50_000);
  const { payment } = await press({ amount, currency: "ETB" });
  prices = '{"listing_fee":{"amounts":["600.00"]}}';
  const replay = await press({ amount, currency: "ETB" });
  expect([replay.replayed, replay.payment]).toEqual([true, payment]);
  await expect(press({ amount, requestId: "second" })).rejects.toThrow(PriceDiffers);
  prices = '{"listing_fee":{"amounts":["10.00"],"currency":"USD"}}';
  expect((await press({ amount, currency: "ETB" })).payment).toEqual(payment);
  await expect(press({ currency: "ETB", requestId: "second" })).rejects.toThrow(CurrencyDiffers);
});

test("a replay of a request for a purpose that is sold no more gets the same answer, and opens nothing new", async () => {
  prices = '{"boost":{"amounts":["50.00"]}}';
  const { payment } = await press({ purpose: "boost" });
  prices = FIVE_HUNDRED;
  expect((await press({ purpose: "boost" })).payment).toEqual(payment);
  now += 2 * HOUR_MS;
  await expect(press({ purpose: "boost" })).rejects.toThrow(PurposeUnknown);
  expect(asked).toEqual(["initialize"]);
});

test("a request is looked up before it is recorded only if the price book does not have its price", async () => {
  const amount = Santim.parse(50_000);
  await press({ amount });
  await press({ amount });
  expect(read).not.toContain("R");
  prices = '{"listing_fee":{"amounts":["600.00"]}}';
  read = [];
  await press({ amount });
  expect(read.filter((key) => key === "R")).toHaveLength(1);
});

test("a request id that is used again with another currency is refused by its name, and without one is a replay", async () => {
  prices = '{"listing_fee":{"amounts":["10.00"],"currency":"USD"}}';
  const { payment } = await press();
  expect(payment.terms).toMatchObject({ amount: 1_000, currency: "USD" });
  expect((await press({ currency: "USD" })).replayed).toBe(true);
  await expect(press({ currency: "ETB" })).rejects.toThrow("currency");
});

test("a press that has closed the link, lost the race to write that, and then gets no answer does not give the link out", async () => {
  const { payment } = await press();
  const { payments } = portsOf();
  const failed: VerifyResult = { kind: "unpaid", reason: "failed", key: KEY };
  const note = async (read: object) => {
    const before = await payments.find(payment.ref);
    if (!before) throw new Error("the row is gone");
    await payments.save(before, { ...before, attempts: { 0: { ...before.attempts[0], ...read } } } as Payment);
  };
  await note({ lastRead: "failed" });
  verified = [
    () => failed,
    async () => {
      // Another verification writes what it has read before this press writes what it has closed.
      await note({ verifyAt: now + HOUR_MS });
      return failed;
    },
    () => ({ kind: "unavailable", reason: "unreachable" }),
  ];
  await expect(press({ requestId: "second" })).rejects.toThrow(GatewayUnavailable);
  expect(asked).toEqual(["initialize", "verify", "cancel", "verify", "verify"]);
});

const SUPPORT = { by: "user:support", reason: "they called" };
const linksOf = ({ payment }: Initiated) => payment.supportLinks ?? [];

test("a request in the owner's name has stored who asks, and why, before Chapa is asked for a checkout", async () => {
  const atChapa: unknown[] = [];
  onInitialize = () => {
    for (const row of table.rows.values()) if (row["state"] === "CREATED") atChapa.push(row["support_links"]);
  };
  const initiated = await press({ support: SUPPORT });
  expect(linksOf(initiated)).toEqual([{ at: T0, ...SUPPORT }]);
  expect(atChapa).toEqual([[{ at: T0, ...SUPPORT }]]);
});

test("a press of support's is answered with the open link and leaves its reason, also where Chapa says that a try is under way", async () => {
  const { payment } = await press();
  const open = await press({ requestId: "second", support: SUPPORT });
  expect([open.payment.checkoutUrl, linksOf(open)]).toEqual([payment.checkoutUrl, [{ at: T0, ...SUPPORT }]]);
  const attempts = { 0: { ...payment.attempts[0], lastRead: "failed" } };
  await portsOf().payments.save(open.payment, { ...open.payment, attempts } as Payment);
  now += SECOND_MS;
  const live = await press({ requestId: "third", support: { ...SUPPORT, reason: "again" } });
  expect(live.payment.checkoutUrl).toBe(payment.checkoutUrl);
  expect(linksOf(live).map(({ reason }) => reason)).toEqual(["they called", "again"]);
  expect(asked).toEqual(["initialize", "verify"]);
});

test("a press of support's leaves its reason also at the last checkout that a payment can have, while a try there is under way", async () => {
  const { payment } = await press();
  const attempt = LAST_ATTEMPT;
  const last = { attempt, attempts: { [attempt]: { ...payment.attempts[0], lastRead: "failed" } } };
  await portsOf().payments.save(payment, { ...payment, ...last } as Payment);
  const live = await press({ requestId: "second", support: SUPPORT });
  expect([live.payment.checkoutUrl, linksOf(live)]).toEqual([payment.checkoutUrl, [{ at: T0, ...SUPPORT }]]);
});

test("a press of support's that is refused leaves no reason", async () => {
  await press();
  await expect(press({ requestId: "second", currency: "USD", support: SUPPORT })).rejects.toThrow(CurrencyDiffers);
  await expect(press({ support: SUPPORT })).rejects.toThrow("Different fields: reason.");
  now += 2 * HOUR_MS;
  taken.limiter = REFUSAL;
  await expect(press({ requestId: "second", support: SUPPORT })).rejects.toThrow(RateLimited);
  expect(JSON.stringify([...table.rows.values()])).not.toContain("they called");
});

test("a press of support's of a fee that has gone on leaves its reason in the payment whose link it gives", async () => {
  prices = '{"listing_fee":{"amounts":["500.00"],"payable":"again"}}';
  const { payment } = await press();
  await portsOf().payments.save(payment, captured(payment, "confirm", moneyOn(payment, 0, { mode: "live" })));
  now += 3 * HOUR_MS;
  const next = await press({ requestId: "second", support: SUPPORT });
  expect(next.payment.previous).toBe(payment.ref);
  expect(linksOf(next)).toEqual([{ at: now, ...SUPPORT }]);
  expect(await portsOf().payments.find(payment.ref)).not.toHaveProperty("supportLinks", expect.anything());
});
