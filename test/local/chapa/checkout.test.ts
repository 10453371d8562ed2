import { describe, expect, test } from "vitest";
import { ask, startCheckout, startLab } from "./lab.ts";

test("the payer's page shows what is to be paid, whatever a stranger puts into the address", async () => {
  const { url, txRef } = await startCheckout({
    customization: { title: "Listing fee", description: "Two rooms in Bole" },
  });
  const { status, text, headers } = await ask(`${url}?success_url=https%3A%2F%2Fapp.example%2Fdone&x=1`, {
    method: "GET",
  });
  expect(status).toBe(200);
  expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
  for (const shown of ["Listing fee", "Two rooms in Bole", "500.00", "ETB", txRef]) expect(text).toContain(shown);
});

test.each(["open", "waiting", "paid", "cancelled"])(
  "the payer's page fetches nothing from elsewhere and runs no script when %s",
  async (state) => {
    const { chapa, url, txRef } = await startCheckout({ customization: { logo: "https://img.example/l.png" } });
    if (state === "waiting") await chapa.act(txRef, "prompt");
    if (state === "paid") await chapa.act(txRef, "pay");
    if (state === "cancelled") await chapa.act(txRef, "cancel");
    const { text, headers } = await ask(url, { method: "GET" });
    expect(text).not.toMatch(/<script|<img|<iframe|@import|url\(|javascript:|\bon\w+=/i);
    expect(
      [...text.matchAll(/(?:href|src|action)="([^"]*)"/g)]
        .map(([, to]) => to)
        .filter((to) => /^https?:|^\/\//.test(to ?? "")),
    ).toEqual(state === "paid" ? [expect.stringContaining(`${chapa.origin}/checkout/payment-receipt/`)] : []);
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
  },
);

test("the payer's page does not let the merchant's words become markup", async () => {
  const { url } = await startCheckout({ tx_ref: `<u>"&'`, customization: { title: "<i>x</i>" } });
  const { text } = await ask(url, { method: "GET" });
  expect(text).not.toContain("<u>");
  expect(text).not.toContain("<i>x");
});

test("the payer's page does not exist for a token that was never given out", async () => {
  const { chapa } = await startLab();
  expect((await ask(`${chapa.origin}/checkout/payment/nothing`, { method: "GET" })).status).toBe(404);
});

test("the payer's page refreshes itself while the phone is being waited for, then goes on to the merchant", async () => {
  const { chapa, url, txRef } = await startCheckout({ return_url: "https://merchant.et/back" });
  await chapa.act(txRef, "prompt", { seconds: 2 });
  expect((await ask(`${url}?waiting`, { method: "GET" })).text).toContain('http-equiv="refresh"');
  await chapa.clock.advance(2000);
  const { status, headers } = await ask(`${url}?waiting`, { method: "GET" });
  expect(status).toBe(303);
  expect(headers.get("location")).toContain("https://merchant.et/back?trx_ref=");
});

const press = (url: string, fields: Record<string, string>) =>
  ask(`${url}/act`, { method: "POST", body: new URLSearchParams(fields) });

test("a button on the payer's page pays and sends the browser back with trx_ref, ref_id and status", async () => {
  const { chapa, url, txRef } = await startCheckout({ return_url: "https://merchant.et/back?id=7" });
  const { status, headers } = await press(url, { action: "pay", method: "telebirr", phone: "0900123456" });
  const reference = chapa.captures()[0]?.reference;
  expect(status).toBe(303);
  expect(headers.get("location")).toBe(
    `https://merchant.et/back?id=7&trx_ref=${txRef}&ref_id=${reference}&status=success`,
  );
});

test("a button on the payer's page leads to a receipt when the merchant has no page", async () => {
  const { chapa, url } = await startCheckout();
  const { headers } = await press(url, { action: "pay" });
  const receipt = headers.get("location") ?? "";
  expect(receipt).toBe(`${chapa.origin}/checkout/payment-receipt/${chapa.captures()[0]?.reference}`);
  expect((await ask(receipt, { method: "GET" })).text).toContain("500.00 ETB");
});

test("a button on the payer's page leads back to the page after a failure", async () => {
  const { url } = await startCheckout();
  const { status, headers } = await press(url, { action: "pay", phone: "0911111111" });
  expect(status).toBe(303);
  expect(headers.get("location")).toBe(new URL(url).pathname);
  expect((await ask(url, { method: "GET" })).text).toContain("Attempt 1 of 10");
});

test("a button on the payer's page that comes too late says so on the page", async () => {
  const { url } = await startCheckout();
  await press(url, { action: "pay" });
  const { status, text } = await press(url, { action: "pay" });
  expect(status).toBe(409);
  expect(text).toContain("This checkout is already paid");
});

describe("programs", () => {
  const act = (url: string, body: unknown) => ask(`${url}/act`, { method: "POST", body });

  test("a program on the payer's page is answered in JSON", async () => {
    const { url, txRef } = await startCheckout({ return_url: "https://merchant.et/back" });
    const { status, body } = await act(url, { action: "pay", method: "mpesa", phone: "0700123456" });
    expect(status).toBe(200);
    expect(body).toEqual({
      status: "success",
      tx_ref: txRef,
      state: "PAID",
      redirect: expect.stringContaining("https://merchant.et/back"),
    });
  });

  test.each([
    [{ action: "steal" }, 'no action "steal"; there are: pay, close-tab'],
    [{}, "there are: pay, close-tab"],
    [{ action: "pay", method: "cash" }, "method"],
    [{ action: "prompt", seconds: -1 }, "seconds"],
    [{ action: "wrong-amount", amount: "lots" }, "amount: validation.numeric"],
  ])("a program on the payer's page learns what is wrong with %j", async (body, message) => {
    const { url } = await startCheckout();
    const reply = await act(url, body);
    expect(reply).toMatchObject({ status: 422, body: { status: "failed", message: expect.stringContaining(message) } });
  });

  test("a program on the payer's page learns why an action is refused", async () => {
    const { url } = await startCheckout();
    await act(url, { action: "cancel" });
    const reply = await act(url, { action: "pay" });
    expect(reply.status).toBe(409);
    expect(reply.body.message).toContain("was cancelled");
  });

  test("one of two programs that pay at the same moment pays", async () => {
    const { chapa, url } = await startCheckout();
    const replies = await Promise.all([act(url, { action: "pay" }), act(url, { action: "pay" })]);
    expect(replies.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    expect(chapa.captures()).toHaveLength(1);
  });
});
