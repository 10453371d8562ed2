import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { flag, release } from "../../lib/domain/apply.ts";
import { attemptSubject } from "../../lib/domain/attention.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import { STATES } from "../../lib/domain/vocabulary.ts";
import { documentClient } from "../../lib/table/client.ts";
import { PaymentTable } from "../../lib/table/payments.ts";
import { CHAPA_DEFAULTS, liveTwin } from "../../local/chapa/simulator.ts";
import { type Checkout, checkoutOf, DAY_MS, HOUR_MS, MINUTE_MS } from "../../local/demo/stage.ts";
import { TABLE_NAME, TX_STAGE } from "../../local/environment.ts";
import { aContext } from "../support/payments.ts";
import { SILENT } from "../support/stage.ts";
import { openShop, type Shop } from "./shop.ts";

const shop = openShop();

/** Two payments that are alike: a new request presses for the one, the same request again for the other. */
type Pair = { propertyId: string; requestId: string }[];

const ROWS = rowsOf(readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8"));

function rowsOf(document: string): { state: string; situation: string; fresh: string; again: string }[] {
  const [, section = ""] = document.split("## One press, one code\n");
  const [text = ""] = section.split("\n## ");
  const cells = text
    .split("\n")
    .flatMap((line) => (line.startsWith("| ") ? [line.split("|").map((cell) => cell.trim())] : []));
  return cells.slice(1).map(([, state = "", situation = "", fresh = "", again = ""]) => ({
    state,
    situation,
    fresh: fresh.replaceAll("`", ""),
    again: again.replaceAll("`", ""),
  }));
}

const pair = (): Pair => [0, 1].map(() => ({ propertyId: shop().stage.addProperty(), requestId: randomUUID() }));

/** Presses for both, whatever is answered. */
async function pressed(both: Pair): Promise<Checkout[]> {
  const checkouts: Checkout[] = [];
  for (const { propertyId, requestId } of both) {
    const answer = await shop().stage.press(propertyId, requestId);
    if (answer.status === 202) checkouts.push(checkoutOf(answer));
  }
  await shop().stage.cloud.settle();
  return checkouts;
}

async function act(checkouts: Checkout[], action: string, params = {}): Promise<void> {
  for (const checkout of checkouts) await shop().stage.act(checkout, action, params);
}

const LOST = { fault: "resetAfterEffect", route: "initialize" };
const UNANSWERED = { fault: "503", route: "verify" };
const NO_KEY = { fault: "401burst", route: "verify" };
const UNCLOSABLE = { fault: "500", route: "cancel" };
const MAYBE_MONEY = { fault: "statusWord", route: "verify", word: "completed" };
const PAST_WINDOW_MS = 61 * MINUTE_MS;

/** Both are CREATED: Chapa has opened a checkout, or not, and neither initialize nor verify answered. */
async function lost(both: Pair, fault = LOST): Promise<void> {
  await shop().fault(fault);
  await shop().fault(UNANSWERED);
  await pressed(both);
  await shop().fault(null);
  await shop().pass(6 * MINUTE_MS);
}

async function failed(both: Pair): Promise<Checkout[]> {
  const checkouts = await pressed(both);
  await act(checkouts, "fail");
  await shop().pass(MINUTE_MS);
  return checkouts;
}

async function expired(both: Pair): Promise<void> {
  await pressed(both);
  await shop().pass(66 * MINUTE_MS, 7 * DAY_MS);
}

/** Each row is stored anew, as a long history would have left it. */
async function rewritten(at: Shop, step: (payment: Payment) => Payment): Promise<void> {
  const table = new PaymentTable(documentClient(), TABLE_NAME, TX_STAGE);
  for (const payment of await at.stage.cloud.rows.payments()) await table.save(payment, step(payment));
  await at.stage.cloud.settle();
}

/** No further attempt may begin. The others ended long ago. */
function usedUp(payment: Payment): Payment {
  const left = { ...payment.terms, openedAt: 0, closedAt: 1, end: "renewed" } as const;
  const others = Object.fromEntries(Array.from({ length: 63 }, (_, number) => [number + 1, left]));
  return { ...payment, attempts: { ...payment.attempts, ...others } };
}

/** Both were paid, and all of the money went back. */
async function refunded(both: Pair, at: Shop): Promise<Checkout[]> {
  const checkouts = await pressed(both);
  await act(checkouts, "pay");
  await at.pass(10_000);
  await act(checkouts, "refund");
  await at.pass(10_000);
  return checkouts;
}

const anew = (both: Pair): Pair => both.map(({ propertyId }) => ({ propertyId, requestId: randomUUID() }));

/** Something happens while the stage has a test key, and then it goes live. */
async function beforeLive(at: Shop, what: () => Promise<unknown>): Promise<void> {
  at.stage.cloud.rotate("gateway", { chapa_secret_key: CHAPA_DEFAULTS.secretKey });
  await at.stage.cloud.redeploy({ EXPECTED_MODE: "test" });
  await what();
  at.stage.cloud.rotate("gateway", { chapa_secret_key: liveTwin(CHAPA_DEFAULTS.secretKey) });
  await at.stage.cloud.redeploy({ EXPECTED_MODE: "live" });
  await at.pass(MINUTE_MS);
}

const SITUATIONS: Record<string, (both: Pair, at: Shop) => Promise<unknown>> = {
  "its answer was lost, and Chapa does not know it": (both) => lost(both, { fault: "503", route: "initialize" }),
  "its answer was lost, and it is unpaid": (both) => lost(both),
  "its answer was lost, and it is paid": async (both, at) => {
    at.stage.plan({ ...SILENT, reorder: "before-initialize-answer" });
    await lost(both);
  },
  "its answer was lost: maybe money": async (both, at) => {
    await lost(both);
    await at.fault(MAYBE_MONEY);
  },
  "its answer was lost: unanswered": async (both, at) => {
    await lost(both);
    await at.fault(UNANSWERED);
  },
  "its answer was lost: no key": async (both, at) => {
    await lost(both);
    await at.fault(NO_KEY);
  },
  "in its window": (both) => pressed(both),
  "in its window, the last try failed": (both) => failed(both),
  "in its window, the last try failed, a further one is under way": async (both) =>
    act(await failed(both), "prompt", { seconds: 600 }),
  "in its window, the last try failed, Chapa does not cancel": async (both, at) => {
    await failed(both);
    await at.fault(UNCLOSABLE);
  },
  "in its window, the last try failed: unanswered": async (both, at) => {
    await failed(both);
    await at.fault(UNANSWERED);
  },
  "in its window, the last try failed: no key": async (both, at) => {
    await failed(both);
    await at.fault(NO_KEY);
  },
  "in its window: maybe money": async (both, at) => {
    await pressed(both);
    await at.fault(MAYBE_MONEY);
    await at.pass(3 * MINUTE_MS);
  },
  "past its window": async (both, at) => {
    await pressed(both);
    await at.pass(PAST_WINDOW_MS);
  },
  "past its window, but paid": async (both, at) => {
    at.stage.plan(SILENT);
    const checkouts = await pressed(both);
    await at.pass(PAST_WINDOW_MS);
    await act(checkouts, "pay-late");
  },
  "past its window, Chapa does not cancel": async (both, at) => {
    await pressed(both);
    await at.fault(UNCLOSABLE);
    await at.pass(PAST_WINDOW_MS);
  },
  "past its window and lapse, Chapa does not cancel": async (both, at) => {
    await pressed(both);
    await at.fault(UNCLOSABLE);
    await at.pass(66 * MINUTE_MS, HOUR_MS);
  },
  "past its window: maybe money": async (both, at) => {
    await pressed(both);
    await at.fault(MAYBE_MONEY);
    await at.pass(PAST_WINDOW_MS);
  },
  "past its window: unanswered": async (both, at) => {
    await pressed(both);
    await at.fault(UNANSWERED);
    await at.pass(PAST_WINDOW_MS);
  },
  "past its window: no key": async (both, at) => {
    await pressed(both);
    await at.fault(NO_KEY);
    await at.pass(PAST_WINDOW_MS);
  },
  "ended, because a person released it": async (both, at) => {
    await pressed(both);
    const table = new PaymentTable(documentClient(), TABLE_NAME, TX_STAGE);
    for (const payment of await at.stage.cloud.rows.payments()) {
      const context = aContext(at.now, "person");
      const stuck = flag(payment, { code: "stuck", subject: attemptSubject(0) }, context);
      const raised = (await table.save(payment, stuck)).payment ?? stuck;
      await table.save(raised, release(raised, "the bank says that nothing came", context));
    }
    await at.stage.cloud.settle();
  },
  "past its window, and no attempt is left": async (both, at) => {
    await pressed(both);
    await rewritten(at, usedUp);
    await at.pass(PAST_WINDOW_MS);
  },
  "past its window, and no attempt is left: maybe money": async (both, at) => {
    await pressed(both);
    await rewritten(at, usedUp);
    await at.fault(MAYBE_MONEY);
    await at.pass(PAST_WINDOW_MS);
  },
  "in its window, the last try failed, and no attempt is left": async (both, at) => {
    await failed(both);
    await rewritten(at, usedUp);
  },
  "closed, and no attempt is left": async (both, at) => {
    await expired(both);
    await rewritten(at, usedUp);
  },
  "paid, and all of it went back": (both, at) => refunded(both, at),
  "paid, went back, and the next payment is open": async (both, at) => {
    await refunded(both, at);
    await pressed(anew(both));
  },
  "paid, went back, and money came again beside the next payment": async (both, at) => {
    const older = await pressed(both);
    await at.pass(PAST_WINDOW_MS);
    await refunded(anew(both), at);
    await pressed(anew(both));
    await act(older, "pay-late");
    for (const checkout of older) await at.webhook(checkout);
    await at.pass(10_000);
  },
  "paid with a test key, and the stage went live": (both, at) =>
    beforeLive(at, async () => act(await pressed(both), "pay")),
  "paid with a test key and not as agreed, and the stage went live": (both, at) =>
    beforeLive(at, async () => act(await pressed(both), "wrong-amount")),
  paid: async (both) => act(await pressed(both), "pay"),
  "paid, but not as agreed": async (both) => act(await pressed(both), "wrong-amount"),
  "refused by Chapa": async (both, at) => {
    await at.fault({ fault: "refusedEmail", route: "initialize" });
    await pressed(both);
    await at.fault(null);
  },
  closed: (both) => expired(both),
  "closed, and the payment is finalised": async (both, at) => {
    await expired(both);
    await at.pass(HOUR_MS + MINUTE_MS, 7 * DAY_MS, 7 * DAY_MS);
  },
};

/** What a press is answered, in the table's words. */
async function answered(propertyId: string, requestId: string): Promise<string> {
  const links = () => shop().chapa.transactions();
  const before = links().length;
  const answer = await shop().stage.press(propertyId, requestId);
  if (answer.status !== 202) return String(answer.body["code"]);
  const { url } = checkoutOf(answer);
  const position = links().findIndex(({ checkoutUrl }) => checkoutUrl === url);
  if (position < 0) return links().length === before ? "stored" : "a link that is not given out";
  return position < before ? "same link" : "new link";
}

async function paymentOf(propertyId: string): Promise<Payment | undefined> {
  const payments = await shop().stage.cloud.rows.payments();
  return payments.find((payment) => payment.propertyId === propertyId && payment.serial === 0);
}

test.each(ROWS)("a press for a $state payment whose checkout is “$situation” is answered “$fresh”", async (row) => {
  const { state, situation, fresh, again } = row;
  const both = pair();
  if (state === "CANCELLED") {
    for (const checkout of await pressed(both)) await shop().cancel(checkout);
    await shop().pass(1_000);
  } else {
    await SITUATIONS[situation]?.(both, shop());
  }
  const [one, other] = both;
  if (!one || !other) throw new Error("there are two payments");
  expect([(await paymentOf(one.propertyId))?.state, (await paymentOf(other.propertyId))?.state]).toEqual([
    state,
    state,
  ]);
  expect({
    fresh: await answered(one.propertyId, randomUUID()),
    again: await answered(other.propertyId, other.requestId),
  }).toEqual({ fresh, again });
});

test("the table of presses names every state and every situation that the tests can make", () => {
  expect(new Set(ROWS.map(({ state }) => state))).toEqual(new Set(STATES));
  expect(new Set(ROWS.map(({ situation }) => situation))).toEqual(new Set(Object.keys(SITUATIONS)));
});
