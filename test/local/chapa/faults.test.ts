import { expect, test } from "vitest";
import { waitUntil } from "../../support/wait-until.ts";
import { ask, startCheckout, startLab } from "./lab.ts";

test("faults of the API: timeoutAfterEffect opens the checkout and keeps the answer to itself", async () => {
  const { chapa, initialize } = await startLab();
  await chapa.faults.set({ fault: "timeoutAfterEffect", route: "initialize", times: 1 });
  const isLost = expect(initialize({ tx_ref: "LOST1" })).rejects.toThrow();
  await waitUntil(() => chapa.transaction("LOST1")?.state === "OPEN");
  const again = await initialize({ tx_ref: "LOST1" });
  await chapa.close();
  expect(again.body.message).toBe("Transaction reference has been used before");
  await isLost;
  expect(chapa.journal()).toMatchObject([{ status: null }, { status: 400 }]);
});

test("faults of the API can be aimed at one tx_ref", async () => {
  const { chapa, open, verify } = await startLab();
  const [one, other] = [await open(), await open()];
  await chapa.faults.set({ fault: "503", route: `GET /v1/transaction/verify/${one.txRef}` });
  expect((await verify(one.txRef)).status).toBe(503);
  expect((await verify(other.txRef)).status).toBe(200);
});

test("faults of the API do not keep the payer from the page", async () => {
  const { chapa, url } = await startCheckout();
  await chapa.faults.set("500");
  expect((await ask(`${url}/act`, { method: "POST", body: { action: "pay" } })).status).toBe(200);
});

test("faults of the API leave a trace in the journal even when the request got nowhere", async () => {
  const { chapa, call } = await startLab();
  await chapa.faults.set("500");
  await call("GET", "/banks");
  expect(chapa.journal()).toMatchObject([{ path: "/v1/banks", status: 500 }]);
});

test("faults of the API: down refuses connections until it is cleared", async () => {
  const { chapa, call } = await startLab();
  await chapa.faults.set("down");
  await expect(call("GET", "/banks")).rejects.toThrow();
  await chapa.faults.clear();
  expect((await call("GET", "/banks")).status).toBe(200);
});

test("Chapa's own faults: extraFields adds unknown fields", async () => {
  const { chapa, verify, txRef } = await startCheckout();
  await chapa.faults.set("extraFields");
  const { body } = await verify(txRef);
  expect(body).toMatchObject({ trace: ["a", 1], data: { processor: { id: 7 }, status: "pending", tx_ref: txRef } });
});

test("Chapa's own faults: stale lags behind the payment on the clock", async () => {
  const { chapa, statusOf, txRef } = await startCheckout();
  await chapa.faults.set({ fault: "stale", ms: 30_000 });
  await chapa.act(txRef, "pay");
  expect(await statusOf(txRef)).toBe("pending");
  await chapa.clock.advance(30_000);
  expect(await statusOf(txRef)).toBe("success");
});

test("Chapa's own faults: flap takes a success back and gives it again", async () => {
  const { chapa, verify, txRef } = await startCheckout();
  await chapa.faults.set("flap");
  await chapa.act(txRef, "pay");
  const verifies = [await verify(txRef), await verify(txRef), await verify(txRef)];
  expect(verifies.map(({ body }) => body.data?.["status"])).toEqual(["success", "pending", "success"]);
});

test("Chapa's own faults: 401burst refuses the key a few times and does nothing", async () => {
  const { chapa, initialize } = await startLab();
  await chapa.faults.set({ fault: "401burst", times: 2 });
  for (const status of [401, 401, 200]) expect((await initialize({ tx_ref: "A" })).status).toBe(status);
});

const elsewhere = /^https:\/\/checkout\.chapa\.co\.pay-here\.invalid\/checkout\/payment\//;
test.each([
  ["apiDisabled", 404, { message: "Payments through API is disabled, please contact us" }],
  ["cannotReceive", 400, { message: "User can't receive payments" }],
  ["insufficientBalance", 400, { message: "Insufficient Balance" }],
  ["successWithoutUrl", 200, { message: "Hosted Link", status: "success", data: {} }],
  ["evilCheckoutHost", 200, { data: { checkout_url: expect.stringMatching(elsewhere) } }],
])("Chapa's own faults: %s answers initialize with %i and %j", async (fault, status, body) => {
  const { chapa, initialize } = await startLab();
  await chapa.faults.set(fault);
  expect(await initialize()).toMatchObject({ status, body });
  if (fault === "successWithoutUrl") expect((await initialize()).body.data).toEqual({});
});

test("Chapa's own faults leave answers alone that they are not about", async () => {
  const { chapa, call } = await startLab();
  for (const fault of ["stale", "flap", "successWithoutUrl", "evilCheckoutHost"]) {
    await chapa.faults.clear();
    await chapa.faults.set(fault);
    expect((await call("GET", "/currency_supported")).body).toMatchObject({ currency_code: [1, 2] });
  }
});
