import { expect, onTestFinished, test, vi } from "vitest";
import * as z from "zod";
import { parseTxRef, paymentIdOf } from "../../lib/domain/ids.ts";
import { MINUTE_MS } from "../../local/demo/stage.ts";
import { TX_STAGE } from "../../local/environment.ts";
import { openStage } from "../support/stage.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const ABOUT_A_PAYMENT = [
  "checkout_opened",
  "listing_answered",
  "payment_transitioned",
  "user_notified",
  "verification_ended",
];

// Of a run as a whole.
const ABOUT_NONE = ["reconciled", "sweep_done"];

const AboutPayment = z.looseObject({
  message: z.string(),
  payment_id: z.uuid(),
  tx_ref: z.string(),
  request_id: z.uuid(),
  trace_id: z.string().regex(/^[0-9a-f]{32}$/),
});

/** Every record that functions write from now on. */
function recorded(): () => Record<string, unknown>[] {
  const lines: string[] = [];
  const keep = (chunk: unknown) => lines.push(String(chunk)) > 0;
  const spies = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, "write").mockImplementation(keep));
  onTestFinished(() => {
    for (const spy of spies) spy.mockRestore();
  });
  return () => lines.filter((line) => line.startsWith('{"level"')).map((line) => JSON.parse(line));
}

test("each record about a payment from initiate to notification names it, its checkout and the invocation", async () => {
  const stage = await openStage();
  onTestFinished(() => stage.close());
  const records = recorded();
  const { body } = await stage.caller.initiate(
    { property_id: stage.addProperty() },
    { headers: { traceparent: `00-${TRACE_ID}-b7ad6b7169203331-01` } },
  );
  const [paymentId, txRef] = [String(body["id"]), String(body["chapa_tx_ref"])];
  await stage.caller.act(String(body["checkout_url"]), "pay");
  await stage.pass(2 * MINUTE_MS, "the payer is notified");

  const about = records().filter(({ message }) => !ABOUT_NONE.includes(String(message)));
  expect([...new Set(about.map(({ message }) => message))].toSorted()).toEqual(ABOUT_A_PAYMENT);
  for (const record of about.map((one) => AboutPayment.parse(one))) {
    expect(record).toMatchObject({ payment_id: paymentId, tx_ref: txRef });
    // An invocation that no caller's trace led to is a trace of its own.
    const isCallers = record.message === "checkout_opened";
    expect(record.trace_id).toBe(isCallers ? TRACE_ID : record.request_id.replaceAll("-", ""));
  }
  expect(paymentIdOf(parseTxRef(txRef, TX_STAGE)?.ref ?? expect.fail("no reference"))).toBe(paymentId);
});
