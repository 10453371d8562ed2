import { expect, test } from "vitest";
import * as z from "zod";
import { type Lab, MINUTE, startCheckout, startLab } from "./lab.ts";

/** Asks the control API and takes the answer's JSON as it is. */
async function tell({ control }: Lab, method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  return z.record(z.string(), z.unknown()).parse(JSON.parse((await control(method, path, body)).text));
}

test("the control API lists what it understands", async () => {
  const lab = await startLab();
  const { routes, actions, scenarios } = await tell(lab, "GET", "");
  expect(routes).toContain("POST /__sim/act");
  expect(actions).toContain("pay-late");
  expect(scenarios).toContain("verify-503");
});

test("the control API acts like a payer", async () => {
  const { txRef, ...lab } = await startCheckout();
  const answer = await tell(lab, "POST", "/act", { tx_ref: txRef, action: "pay", method: "amole" });
  expect(answer).toMatchObject({ status: "success", tx_ref: txRef, state: "PAID" });
  expect(lab.chapa.captures()).toMatchObject([{ method: "amole" }]);
});

test("the control API moves the clock", async () => {
  const { txRef, ...lab } = await startCheckout();
  const before = lab.chapa.clock.now();
  const { now } = await tell(lab, "POST", "/clock", { advance_ms: 61 * MINUTE });
  expect(Date.parse(String(now))).toBeGreaterThanOrEqual(before + 61 * MINUTE);
  expect(lab.chapa.transaction(txRef)?.state).toBe("EXPIRED");
});

test("the control API sets a plan, for one tx_ref or for all", async () => {
  const lab = await startLab();
  await tell(lab, "POST", "/plan", { tx_ref: "*", plan: { duplicate: 1 } });
  await tell(lab, "POST", "/plan", { tx_ref: "MINE", plan: { callback: { send: "off" } } });
  expect(await tell(lab, "GET", "/plan")).toEqual({
    plans: { "*": { duplicate: 1 }, MINE: { callback: { send: "off" } } },
  });
});

test("the control API sets and clears faults", async () => {
  const { txRef, ...lab } = await startCheckout();
  await tell(lab, "POST", "/faults", { fault: "503", route: "verify" });
  expect((await lab.verify(txRef)).status).toBe(503);
  await tell(lab, "POST", "/faults", { clear: true });
  expect((await lab.verify(txRef)).status).toBe(200);
  expect((await tell(lab, "GET", "/faults"))["faults"]).toContain("evilCheckoutHost");
});

test("the control API shows state, ledger and journal", async () => {
  const { txRef, ...lab } = await startCheckout();
  await lab.chapa.act(txRef, "pay");
  await lab.chapa.settled();
  const reference = lab.chapa.captures()[0]?.reference;

  expect(await tell(lab, "GET", "/state")).toMatchObject({
    profile: "observed",
    webhook_url: `${lab.inbox.url}/webhook`,
    transactions: [
      { tx_ref: txRef, state: "PAID", amount: 50_000, checkout_url: expect.any(String), captures: [{ reference }] },
    ],
  });
  expect(await tell(lab, "GET", "/ledger")).toMatchObject({
    ledger: [{ tx_ref: txRef, amount: 50_000, reference, refunded: 0 }],
  });
  expect(await tell(lab, "GET", `/journal?tx_ref=${txRef}`)).toMatchObject({
    journal: [
      { kind: "request", path: "/v1/transaction/initialize", body: expect.stringContaining(txRef) },
      { kind: "webhook", tx_ref: txRef, outcome: 200, body_base64: expect.any(String) },
    ],
  });
});

test("the control API changes profile and webhook address", async () => {
  const lab = await startLab();
  await tell(lab, "POST", "/state", { profile: "hostile", webhook_url: null });
  expect(lab.chapa.settings()).toEqual({ profile: "hostile", webhookUrl: null });
});

test("the control API forgets everything but its settings on a reset", async () => {
  const { txRef, ...lab } = await startCheckout();
  lab.chapa.plan(txRef, { delay: 60 });
  await lab.chapa.act(txRef, "pay");
  await lab.chapa.faults.set("503");
  await tell(lab, "POST", "/reset");
  await lab.chapa.clock.advance(10 * MINUTE);
  expect(lab.chapa.captures()).toEqual([]);
  expect(lab.chapa.journal()).toEqual([]);
  expect(lab.inbox.received).toEqual([]);
  expect((await lab.initialize({ tx_ref: txRef })).status).toBe(200);
  expect(lab.chapa.settings().webhookUrl).toBe(`${lab.inbox.url}/webhook`);
});

test.each([
  ["POST", "/act", { tx_ref: "NEVER", action: "pay" }, 'no checkout was ever opened for tx_ref "NEVER"'],
  ["POST", "/act", { action: "pay" }, "tx_ref"],
  ["POST", "/act", { tx_ref: "NEVER", action: "steal" }, "there are: pay"],
  ["POST", "/clock", { advance_ms: -1 }, "advance_ms"],
  ["POST", "/clock", { ms: 5 }, "advance_ms"],
  ["POST", "/faults", { fault: "gremlins" }, 'no fault "gremlins"; there are: down'],
  ["POST", "/faults", { fault: "500", nth: 0 }, "nth"],
  ["POST", "/faults", {}, "Invalid input"],
  ["POST", "/plan", { tx_ref: "X", plan: { dupliacte: 1 } }, "dupliacte"],
  ["POST", "/state", { profile: "friendly" }, "profile"],
  ["POST", "/state", { webhook_url: "nowhere" }, "webhook_url"],
  ["POST", "/clock", "not json", "JSON object"],
])("the control API: %s %s %j is refused with a reason", async (method, path, body, reason) => {
  const { control } = await startLab();
  const reply = await control(method, path, body);
  expect(reply.status).toBe(422);
  expect(reply.body.message).toContain(reason);
});

test("the control API does not exist on the port of the API", async () => {
  const { chapa } = await startLab();
  expect((await fetch(`${chapa.origin}/__sim/state`)).status).toBe(404);
});
