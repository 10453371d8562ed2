import { parseTxRef, txRefOf } from "../../lib/domain/ids.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import { addisAbabaDay, DAY_MS, HOUR_MS, spanOfDay } from "../../lib/domain/time.ts";
import type { ApiObserver } from "../../local/api-gateway.ts";
import type { ChapaSimulator } from "../../local/chapa/simulator.ts";
import { type Checkout, Stage } from "../../local/demo/stage.ts";
import { TX_STAGE } from "../../local/environment.ts";
import { clock } from "../../local/process-clock.ts";
import { readSettings } from "../../local/settings.ts";
import type { CloudOptions } from "../../local/start-cloud.ts";
import { unlikeItsDescription } from "./openapi.ts";

/** Holds every answer that it hears against the API's description; `check` throws when one differs. */
export function answersAsDescribed(): { observeApi: ApiObserver; check: () => void } {
  const unlike = new Set<string>();
  return {
    observeApi: (exchange) => {
      const difference = unlikeItsDescription(exchange);
      if (difference) unlike.add(difference);
    },
    check: () => {
      if (unlike.size > 0) throw new Error(`answers unlike their description:\n${[...unlike].join("\n")}`);
    },
  };
}

/** The hour of the day in Addis Ababa at which a test begins. Its day of money ends at midnight there. */
const HOUR = Number(process.env["TEST_HOUR"] ?? 9);

/** Moves the clock on to the hour at which tests begin, unless it is that hour. */
async function beginAtHour(): Promise<void> {
  const { from } = spanOfDay(addisAbabaDay(clock.now()));
  const late = (clock.now() - from - HOUR * HOUR_MS + DAY_MS) % DAY_MS;
  if (late >= HOUR_MS) await clock.advance(DAY_MS - late);
}

/**
 * A running cloud whose every answer must be as it is described; what differs fails the tests when it is closed. It
 * begins, and after each reset begins again, at one and the same hour of the day, whenever somebody runs the tests.
 */
export async function openStage(
  settings: Record<string, string> = {},
  options: Pick<CloudOptions, "profile" | "seed" | "mode"> = {},
): Promise<Stage> {
  const { observeApi, check } = answersAsDescribed();
  await beginAtHour();
  const stage = await Stage.open(readSettings(settings), { ...options, observeApi });
  const { cloud } = stage;
  const [close, reset] = [stage.close.bind(stage), cloud.reset.bind(cloud)];
  cloud.reset = async () => {
    await beginAtHour();
    await reset();
  };
  stage.close = async () => {
    await close();
    check();
  };
  return stage;
}

/** The reference of another attempt of the same payment. */
export function attemptOf(txRef: string, attempt: number): string {
  const checkout = parseTxRef(txRef, TX_STAGE);
  if (!checkout) throw new Error(`${txRef} is no reference of this stage`);
  return txRefOf(checkout, attempt);
}

/** A plan under which Chapa tells nobody that it was paid. */
export const SILENT = { dropAll: true, callback: { send: "off" } } as const;

export function simulatedChapa({ cloud }: Stage): ChapaSimulator {
  if (!cloud.chapa) throw new Error("these tests need the simulator");
  return cloud.chapa;
}

/** The one payment that there is. @throws Error when there is none, or another one */
export async function onlyPaymentOf({ cloud }: Stage): Promise<Payment> {
  const [payment, ...others] = await cloud.rows.payments();
  if (!payment || others.length > 0) throw new Error("there is not one payment");
  return payment;
}

/** References that Chapa was asked to verify, in order. */
export function verifiedAt(stage: Stage): string[] {
  return simulatedChapa(stage)
    .journal()
    .flatMap((entry) => {
      const asked = entry.kind === "request" && /^\/v1\/transaction\/verify\/(\w+)$/.exec(entry.path)?.[1];
      return asked ? [asked] : [];
    });
}

/** A checkout that was paid, of which nobody has told us. */
export async function paidUnnoticed(stage: Stage, propertyId = stage.addProperty()): Promise<Checkout> {
  stage.plan(SILENT);
  const checkout = await stage.checkout(propertyId);
  await stage.act(checkout, "close-tab");
  return checkout;
}
