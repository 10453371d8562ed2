import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { keyIdOf } from "../../lib/chapa/client.ts";
import { txRefOf } from "../../lib/domain/ids.ts";
import { type Attempt, openFlags, type Payment, shownTxRef } from "../../lib/domain/payment.ts";
import { documentClient } from "../../lib/table/client.ts";
import { shardOf } from "../../lib/table/keys.ts";
import { PaymentTable } from "../../lib/table/payments.ts";
import type { Action } from "../../local/chapa/actions.ts";
import { DeliveryPlan } from "../../local/chapa/delivery-plan.ts";
import { CHAPA_DEFAULTS, type ChapaSimulator, liveTwin } from "../../local/chapa/simulator.ts";
import { checkoutOf, DAY_MS, HOUR_MS, MINUTE_MS, type Stage } from "../../local/demo/stage.ts";
import { TABLE_NAME, TX_STAGE } from "../../local/environment.ts";
import { anOpened, aRef } from "../support/payments.ts";
import { onlyPaymentOf, openStage, SILENT, simulatedChapa, verifiedAt } from "../support/stage.ts";
import { waitUntil } from "../support/wait-until.ts";

const QUIET = { callback: { send: "off" } } as const;
const TIMEOUT_MS = 7 * DAY_MS;
// What one run takes from one bucket.
const PAGE = 200;

let stage: Stage;
let chapa: ChapaSimulator;
let propertyId: string;
beforeAll(async () => {
  stage = await openStage({ RATE_LIMIT_INITIATE: "1000" });
  chapa = simulatedChapa(stage);
});
afterAll(() => stage.close());

function eachOnItsOwn(): void {
  beforeEach(async () => {
    await stage.cloud.reset();
    propertyId = stage.addProperty();
  });
}

const onlyPayment = () => onlyPaymentOf(stage);

const movesOf = ({ history }: Payment) => history.map(({ transition }) => transition);

const verified = () => verifiedAt(stage);

/** Moves the clock to `at`, if that is to come, and runs the schedule. */
async function advanceTo(at: number): Promise<void> {
  await stage.cloud.advance(Math.max(at - stage.cloud.clock.now(), 0));
}

/** Those of `moments` at which Chapa is asked, if it is not asked before either. */
async function askedAt(moments: number[]): Promise<number[]> {
  const asked: number[] = [];
  for (const moment of moments) {
    const before = verified().length;
    await advanceTo(moment - 5_000);
    const early = verified().length > before;
    await advanceTo(moment);
    if (!early && verified().length > before) asked.push(moment);
  }
  return asked;
}

/** `answers` are what Chapa hears to its webhooks; `soon`: its messages are enough to know within a minute. */
type Delivery = { plan: DeliveryPlan; answers: unknown[]; soon: boolean; does: Action | null };

const deliveries = (answers: unknown[], soon: boolean, plans: DeliveryPlan[], does: Action | null = "close-tab") =>
  plans.map((plan): Delivery => ({ plan, answers, soon, does }));
const flags = (names: string) => names.split(" ").map((name) => DeliveryPlan.parse({ [name]: true }));

const DELIVERIES: Delivery[] = [
  ...deliveries([200], true, [{ delay: 30 }, { duplicate: 3 }, { duplicateVariant: 3 }, { concurrent: 3 }]),
  ...deliveries([200], true, flags("onlyConstantHeader upperCaseHex unknownEvent statusEventMismatch replay formBody")),
  ...deliveries([200], true, [{ reorder: "before-redirect" }, { reorder: "after-redirect" }, { slowSend: 200 }], "pay"),
  ...deliveries([200], true, [{ reorder: "success-before-failed" }], "fail-then-pay"),
  // Nobody but the simulated payer is that fast.
  ...deliveries([200], true, [{ reorder: "before-initialize-answer" }], null),
  ...deliveries([200], true, [{ verifyShows: "first" }, { verifyShows: "last" }], "pay-twice"),
  ...deliveries(["dropped"], true, [{ dropAll: true, callback: { order: "before", times: 3 } }], "pay"),
  ...deliveries(["dropped"], true, [{ dropAll: true, callback: { order: "after", status: "failed" } }]),
  ...deliveries(["dropped"], true, [{ dropAll: true, callback: { onFailure: true } }], "fail-then-pay"),
  ...deliveries(["dropped"], false, [{ dropAll: true }]),
  ...deliveries(["lost", 200], false, [{ drop: 2 }]),
  ...deliveries([200], false, flags("unknownTxRef")),
  ...deliveries([401], false, flags("badSignature noHeaders swappedHeaders oldSecret wrongKey")),
  ...deliveries([401], false, flags("tamperedBody otherMerchant")),
  ...deliveries([400], false, flags("truncatedJson emptyBody")),
  ...deliveries([413], false, flags("hugeBody")),
];

describe("delivery plans of webhooks", () => {
  const courses = new Map<Delivery, { answers: unknown[]; payments: (Payment | undefined)[] }>();

  async function rowsAfter(ms: number): Promise<Payment[]> {
    await stage.cloud.advance(ms);
    return stage.cloud.rows.payments();
  }

  // All of them side by side: most of their time is waiting.
  beforeAll(async () => {
    await stage.cloud.reset();
    const txRefs = new Map<Delivery, string>();
    for (const delivery of DELIVERIES) {
      chapa.plan("*", { ...QUIET, ...delivery.plan });
      const { txRef } = checkoutOf(await stage.press(stage.addProperty()));
      txRefs.set(delivery, txRef);
      if (delivery.does) await chapa.act(txRef, delivery.does);
    }
    const rows = [await rowsAfter(MINUTE_MS), await rowsAfter(MINUTE_MS)];
    for (const [{ plan }, txRef] of txRefs) if (plan.replay) await chapa.act(txRef, "refund");
    rows.push(await rowsAfter(DAY_MS));
    for (const [delivery, txRef] of txRefs) {
      const tries = chapa
        .journal()
        .flatMap((one) => (one.kind === "webhook" && one.txRef === txRef ? one.outcome : []));
      const payments = rows.map((all) => all.find((payment) => shownTxRef(payment) === txRef));
      courses.set(delivery, { answers: [...new Set(tries)], payments });
    }
  });

  test.each(DELIVERIES.map((delivery) => [delivery.plan, delivery] as const))(
    "a paid payment ends as one success when webhooks are delivered as %j",
    (_, delivery) => {
      const { answers, payments: [early, later, end] = [] } = courses.get(delivery) ?? {};
      expect(answers).toEqual(delivery.answers);
      expect([early?.state, later?.state]).toEqual([delivery.soon ? "SUCCESS" : "PENDING", "SUCCESS"]);
      expect(end?.state).toBe("SUCCESS");
      // The next day's comparison finds what verify does not show.
      const second = delivery.does === "pay-twice" ? ["duplicate"] : [];
      expect(end?.captures.map(({ kind, amount }) => [kind, amount])).toEqual(
        ["confirmed", ...second].map((kind) => [kind, 50_000]),
      );
      const moves = end && movesOf(end).filter((move) => move !== "open");
      expect(moves).toEqual(["claim", "confirm", ...second, ...(delivery.plan.replay ? ["wentBack"] : [])]);
      expect(end && openFlags(end)).toEqual([...second, ...(delivery.plan.replay ? ["refunded_outside"] : [])]);
    },
  );

  test("every delivery plan is tried but those for refunds and for the list", () => {
    const tried = DELIVERIES.flatMap(({ plan }) => Object.keys(plan));
    expect(new Set([...tried, "refunds", "refundRefused", "namedInList"])).toEqual(
      new Set(Object.keys(DeliveryPlan.shape)),
    );
  });
});

describe("verifications by schedule", () => {
  eachOnItsOwn();

  test("a checkout without webhooks is verified after 2, 5, 10, 20 and 65 minutes, 6 hours and each day, and expires after seven days", async () => {
    stage.plan(SILENT);
    await stage.checkout(propertyId);
    const openedAt = (await onlyPayment()).firstOpenedAt ?? 0;
    const minutes = [2, 5, 10, 20, 65, 360, ...[1, 2, 3, 4, 5, 6].map((days) => days * 1440)];
    const verifications = minutes.map((age) => openedAt + age * MINUTE_MS);
    expect(await askedAt(verifications)).toEqual(verifications);
    expect(await onlyPayment()).toMatchObject({ state: "PENDING", version: 2 });

    await advanceTo(openedAt + TIMEOUT_MS - 5_000);
    expect((await onlyPayment()).state).toBe("PENDING");
    await advanceTo(openedAt + TIMEOUT_MS);
    expect((await onlyPayment()).state).toBe("EXPIRED");
  });

  test("a closed checkout is verified an hour, a day and a week after it was closed, and then no more", async () => {
    stage.plan(SILENT);
    await stage.checkout(propertyId);
    await stage.cloud.advance(TIMEOUT_MS);
    const leftAt = (await onlyPayment()).settledAt ?? 0;
    const verifications = [HOUR_MS, DAY_MS, 7 * DAY_MS].map((age) => leftAt + age);
    expect(await askedAt(verifications)).toEqual(verifications);
    expect((await onlyPayment()).dueAt).toBeUndefined();
  });

  test.each([HOUR_MS, DAY_MS, 7 * DAY_MS])(
    "a verification %d ms after a checkout was closed finds late money",
    async (age) => {
      stage.plan(SILENT);
      const checkout = await stage.checkout(propertyId);
      await stage.cloud.advance(TIMEOUT_MS);
      const leftAt = (await onlyPayment()).settledAt ?? 0;
      await advanceTo(leftAt + age - MINUTE_MS);
      await stage.act(checkout, "pay-late");
      await advanceTo(leftAt + age);
      expect(await onlyPayment()).toMatchObject({ state: "SUCCESS", late: true, captures: [{ kind: "confirmed" }] });
    },
  );

  test("a renewed checkout is verified beside the one that took its place, each by its own schedule", async () => {
    stage.plan(SILENT);
    const old = await stage.checkout(propertyId);
    await stage.cloud.advance(HOUR_MS + MINUTE_MS);
    const fresh = await stage.checkout(propertyId);
    await stage.act(old, "pay-late");
    await stage.cloud.advance(HOUR_MS + MINUTE_MS);
    expect(await onlyPayment()).toMatchObject({ state: "SUCCESS", captures: [{ attempt: 0, kind: "confirmed" }] });
    // Whichever of the two is verified first: the other one's verification is now, or an hour after it was ended.
    await stage.cloud.advance(HOUR_MS + MINUTE_MS);
    expect(verified()).toContain(fresh.txRef);
    expect(chapa.transaction(fresh.txRef)?.state).not.toBe("OPEN");
  });
});

describe("timeouts without evidence", () => {
  eachOnItsOwn();

  test.each([
    ["nothing", "down", undefined],
    ["no verify", "503", "verify"],
  ] as const)("no payment expires while Chapa answers %s (%s)", async (_, fault, route) => {
    const { txRef } = await stage.checkout(propertyId);
    await stage.cloud.advance(DAY_MS);
    await stage.cloud.fault("chapa", route ? { fault, route } : fault);
    for (const days of [5, 2, 2]) await stage.cloud.advance(days * DAY_MS);
    const during = await onlyPayment();
    expect(during).toMatchObject({ state: "PENDING", version: 2, attempts: { 0: { closedAt: undefined } } });
    expect((await stage.press(propertyId)).status).toBe(503);
    expect(stage.cloud.services.notification?.sent().map(({ eventType }) => eventType)).toEqual(["payment_initiated"]);

    await stage.cloud.fault("chapa", null);
    await stage.cloud.advance(6 * HOUR_MS);
    const after = await onlyPayment();
    expect(after).toMatchObject({ state: "EXPIRED", attempts: { 0: { end: "expired" } } });
    expect(after.history.at(-1)).toMatchObject({
      transition: "expire",
      by: "resolve:schedule",
      evidence: "already_over",
    });
    expect(chapa.transaction(txRef)?.state).toBe("EXPIRED");
  });

  test("a payment that was paid while Chapa could not be asked is a success like any other", async () => {
    stage.plan(SILENT);
    const checkout = await stage.checkout(propertyId);
    await stage.cloud.fault("chapa", "down");
    await stage.cloud.advance(MINUTE_MS);
    await chapa.act(checkout.txRef, "pay");
    await stage.cloud.advance(TIMEOUT_MS + DAY_MS);
    expect((await onlyPayment()).state).toBe("PENDING");
    await stage.cloud.fault("chapa", null);
    await stage.cloud.advance(6 * HOUR_MS);
    expect(movesOf(await onlyPayment())).toEqual(["claim", "open", "confirm"]);
  });

  test("a payer who pays between the two verifications of the closing is found by the second", async () => {
    stage.plan(SILENT);
    const { txRef } = await stage.checkout(propertyId);
    await stage.cloud.fault("chapa", { fault: "latency", ms: 500, route: "cancel", times: 1 });
    const expiring = stage.cloud.advance(TIMEOUT_MS);
    const isCancelled = () => chapa.journal().some((one) => one.kind === "request" && one.path.includes("/cancel/"));
    await waitUntil(isCancelled);
    await chapa.act(txRef, "pay-late");
    await expiring;
    expect(movesOf(await onlyPayment())).toEqual(["claim", "open", "confirm"]);
  });
});

describe("unacknowledged successes", () => {
  eachOnItsOwn();

  test("an unacknowledged success is published again after 15 minutes, then twice as late each time, at last once a day", async () => {
    await stage.cloud.fault("listing", "503");
    await stage.act(await stage.checkout(propertyId), "pay");
    const paidAt = (await onlyPayment()).settledAt ?? 0;
    const ages: number[] = [];
    for (let round = 0; round < 10; round++) {
      // Every message of it is lost.
      stage.cloud.queues.clear();
      const { dueAt = 0 } = await onlyPayment();
      await advanceTo(dueAt - 5_000);
      expect(stage.cloud.queues.state("listing")).toMatchObject({ ready: 0, delayed: 0, hidden: 0 });
      await advanceTo(dueAt);
      expect(stage.cloud.queues.state("listing")).toMatchObject({ hidden: 1 });
      ages.push((dueAt - paidAt) / MINUTE_MS);
    }
    const nominal = [15, 30, 60, 120, 240, 480, 960, 1920, 3360, 4800];
    expect(ages.map((age, index) => Math.round((100 * age) / (nominal[index] ?? 0)))).toEqual(nominal.map(() => 100));

    stage.cloud.queues.clear();
    await stage.cloud.fault("listing", null);
    await advanceTo((await onlyPayment()).dueAt ?? 0);
    const acknowledged = await onlyPayment();
    expect(acknowledged.acknowledgedAt).toBeDefined();
    expect(acknowledged.dueAt).toBe((acknowledged.settledAt ?? 0) + 60 * DAY_MS);
    expect(stage.cloud.services.listing?.property(propertyId)?.status).toBe("APPROVED");
  });
});

/** The payment as the key of this stage has opened it. */
function live(payment: Payment): Payment {
  const terms = { ...payment.terms, mode: "live", key: keyIdOf(liveTwin(CHAPA_DEFAULTS.secretKey)) } as const;
  return { ...payment, terms, attempts: { 0: { ...(payment.attempts[0] as Attempt), ...terms } } };
}

describe("one sweep", () => {
  eachOnItsOwn();

  /** The last value of each gauge that functions publish while `work` runs. */
  async function gaugesDuring(work: () => Promise<unknown>): Promise<Record<string, unknown>> {
    const published: Record<string, unknown> = {};
    const spy = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
      const text = String(chunk);
      if (text.startsWith('{"_aws"')) Object.assign(published, JSON.parse(text));
      return true;
    });
    await work().finally(() => spy.mockRestore());
    const { OpenAttention, OldestAttentionSeconds } = published;
    return { OpenAttention, OldestAttentionSeconds };
  }

  test("a sweep publishes how many payments need a person and how long, also when the stream record is lost", async () => {
    expect(await gaugesDuring(() => stage.cloud.sweep())).toEqual({ OpenAttention: 0, OldestAttentionSeconds: 0 });
    const checkout = await stage.checkout(propertyId);
    stage.cloud.stream.lose(true);
    await stage.act(checkout, "wrong-amount", { amount: "5.00" });
    stage.cloud.stream.lose(false);
    expect(await onlyPayment()).toMatchObject({ state: "REVIEW" });
    const during = await gaugesDuring(() => stage.cloud.advance(12 * DAY_MS));
    expect(during).toMatchObject({ OpenAttention: 1 });
    expect(Number(during["OldestAttentionSeconds"])).toBeGreaterThanOrEqual(12 * 86_400);
  });

  test("a sweep that finds more payments than one page goes on until each is verified, once", async () => {
    const table = new PaymentTable(documentClient(), TABLE_NAME, TX_STAGE);
    // The next run by itself is a whole minute away.
    await advanceTo(Math.ceil(stage.cloud.clock.now() / MINUTE_MS) * MINUTE_MS);
    const now = stage.cloud.clock.now();
    const all = Array.from({ length: 5 * PAGE }, () => aRef());
    const refs = all.filter((ref) => shardOf(ref) === "0").slice(0, PAGE + 20);
    expect(refs).toHaveLength(PAGE + 20);
    // Each is due a little later than the one before; made one after the other, which a busy machine survives.
    for (const [index, ref] of refs.entries()) await table.create(live(anOpened(ref, now - HOUR_MS + index * 1_000)));
    await stage.cloud.functions.invoke("timeout-payments", {});
    await stage.cloud.settle();
    expect(verified().sort()).toEqual(refs.map((ref) => txRefOf({ ref, txStage: TX_STAGE }, 0)).sort());
  });
});
