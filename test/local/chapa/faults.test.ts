import { expect, test } from "vitest";
import { waitUntil } from "../../support/wait-until.ts";
import { ask, KEY, type Lab, LIVE_KEY, startCheckout, startLab } from "./lab.ts";

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

test("cancelRefused refuses in words that nobody documents, and the link stays open", async () => {
  const { chapa, cancel, txRef } = await startCheckout();
  await chapa.faults.set({ fault: "cancelRefused", route: "cancel" });
  expect(await cancel(txRef)).toMatchObject({
    status: 400,
    body: { message: "Transaction can not be cancelled", status: "failed", data: null },
  });
  await chapa.faults.clear();
  await chapa.faults.set({ fault: "cancelRefused", route: "cancel", word: "Try again later" });
  expect((await cancel(txRef)).body.message).toBe("Try again later");
  expect(chapa.transaction(txRef)?.state).toBe("OPEN");
});

test.each([
  [{}, { status: "expired", charge: null }],
  [{ word: "completed" }, { status: "completed", charge: null }],
  [{ trace: "charge" }, { status: "expired", charge: 17.5 }],
  [{ trace: "reference" }, { status: "expired", charge: null, reference: "APTRACE" }],
])("statusWord makes verify say %j as %j", async (rule, data) => {
  const { chapa, verify, txRef } = await startCheckout();
  await chapa.faults.set({ fault: "statusWord", ...rule });
  const { body } = await verify(txRef);
  expect(body.data).toMatchObject({ ...data, tx_ref: txRef });
  expect(body.data && "reference" in body.data).toBe("reference" in data);
});

test("notPaidYet makes verify answer 200 without data", async () => {
  const { chapa, verify, txRef } = await startCheckout();
  await chapa.faults.set({ fault: "notPaidYet", route: "verify" });
  expect((await verify(txRef)).text).toBe('{"message":"Payment not paid yet","status":"null","data":null}');
});

test("otherTxRef makes verify and cancel answer about another reference", async () => {
  const { chapa, cancel, verify, txRef } = await startCheckout();
  await chapa.faults.set({ fault: "otherTxRef", word: "ELSEWHERE" });
  expect((await verify(txRef)).body.data).toMatchObject({ status: "pending", tx_ref: "ELSEWHERE" });
  expect((await cancel(txRef)).body.data).toMatchObject({ tx_ref: "ELSEWHERE" });
});

test("usedBefore burns a reference that verify does not know", async () => {
  const { chapa, initialize, verify } = await startLab();
  await chapa.faults.set({ fault: "usedBefore", route: "initialize", times: 1 });
  expect((await initialize({ tx_ref: "BURNT" })).body.message).toBe("Transaction reference has been used before");
  expect((await verify("BURNT")).body.message).toBe("Invalid transaction reference");
});

test("bookedLate hides a transaction until its time, from every call", async () => {
  const { chapa, cancel, call, initialize, verify } = await startLab();
  await chapa.faults.set({ fault: "bookedLate", route: "initialize", times: 1, ms: 60_000 });
  expect((await initialize({ tx_ref: "LATE" })).status).toBe(504);
  const isListed = async () => (await call("GET", "/transactions")).text.includes("created_at");
  expect([(await verify("LATE")).status, (await cancel("LATE")).status, await isListed()]).toEqual([400, 404, false]);
  await chapa.clock.advance(60_000);
  expect([(await verify("LATE")).status, await isListed()]).toEqual([200, true]);
  expect((await initialize({ tx_ref: "LATE" })).body.message).toBe("Transaction reference has been used before");
});

test("bookedLate loses its booking to one that uses the reference first", async () => {
  const { chapa, initialize } = await startLab();
  await chapa.faults.set({ fault: "bookedLate", route: "initialize", times: 1, ms: 60_000 });
  await initialize({ tx_ref: "LATE" });
  const { body } = await initialize({ tx_ref: "LATE" });
  await chapa.clock.advance(60_000);
  expect(chapa.transactions().map(({ checkoutUrl }) => checkoutUrl)).toEqual([body.data?.["checkout_url"]]);
});

/** What verify and cancel say to this key, in short. */
async function asked({ call }: Lab, key: string, txRef: string): Promise<unknown[]> {
  const headers = { authorization: `Bearer ${key}` };
  const verify = await call("GET", `/transaction/verify/${txRef}`, undefined, headers);
  const cancel = await call("PUT", `/transaction/cancel/${txRef}`, undefined, headers);
  return [verify.status, verify.body.message, cancel.status];
}

test("a key of another account finds nothing of the first one, which may use the same reference", async () => {
  const lab = await startCheckout({ tx_ref: "SHARED" });
  lab.chapa.setAccount("other", `${KEY}other`);
  expect(await asked(lab, `${KEY}other`, "SHARED")).toEqual([400, "Invalid transaction reference", 404]);
  const headers = { authorization: `Bearer ${KEY}other` };
  const order = { amount: "500.00", currency: "ETB", tx_ref: "SHARED" };
  expect((await lab.call("POST", "/transaction/initialize", order, headers)).status).toBe(200);
  expect((await asked(lab, KEY, "SHARED"))[0]).toBe(200);
  expect(lab.chapa.transactions().map(({ state }) => state)).toEqual(["CANCELLED", "OPEN"]);
});

test("a renewed key reads what the old one opened, and the old one is refused", async () => {
  const lab = await startCheckout();
  expect((await lab.control("POST", "/keys", { secret_key: `${KEY}new` })).status).toBe(200);
  expect((await asked(lab, KEY, lab.txRef))[0]).toBe(401);
  expect((await asked(lab, `${KEY}new`, lab.txRef))[0]).toBe(200);
});

test("the control API takes another account's key, and no key that could be real", async () => {
  const lab = await startCheckout();
  await lab.control("POST", "/keys", { secret_key: `${KEY}other`, account: "other" });
  expect((await asked(lab, `${KEY}other`, lab.txRef))[0]).toBe(400);
  expect((await lab.control("POST", "/keys", { secret_key: "CHASECK-real" })).status).toBe(422);
});

test("a key of the other mode is refused by verify in Chapa's words", async () => {
  const lab = await startCheckout();
  const words = "Live secret keys can't be used to verify a test transaction";
  expect(await asked(lab, LIVE_KEY, lab.txRef)).toEqual([401, words, 404]);
});
