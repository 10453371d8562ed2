import { afterEach, expect, test, vi } from "vitest";
import { createClock } from "../../../local/clock.ts";
import { MINUTE, startLab } from "./lab.ts";

afterEach(() => void vi.restoreAllMocks());

/** A day at the simulator, told by its journal with the ports taken out. */
async function aDay(seed: number): Promise<string> {
  vi.spyOn(Date, "now").mockReturnValue(Date.UTC(2026, 0, 31));
  const { chapa, act, inbox, call, initialize, verify, cancel } = await startLab({
    seed,
    profile: "hostile",
    clock: createClock(),
  });
  inbox.answers.push(500, 500);
  await chapa.faults.set({ fault: "503", route: "verify", probability: 0.5 });
  for (const name of ["ONE", "TWO", "THREE"]) {
    await initialize({ tx_ref: name, callback_url: `${inbox.url}/callback`, return_url: "https://merchant.et/back" });
  }
  chapa.plan("TWO", { duplicateVariant: 2, badSignature: true });
  await act("ONE", "fail-then-pay");
  await act("TWO", "pay-twice");
  await chapa.act("THREE", "prompt");
  await cancel("THREE");
  for (let n = 0; n < 6; n++) for (const name of ["ONE", "TWO", "THREE", "FOUR"]) await verify(name);
  await call("POST", `/refund/${chapa.captures()[0]?.reference}`, { amount: "10" });
  await chapa.clock.advance(30 * MINUTE);
  await chapa.settled();
  const lines = chapa.journal().map(({ body, ...entry }) => JSON.stringify({ ...entry, body: String(body) }));
  const ledger = chapa.captures().map((capture) => JSON.stringify(capture));
  return [...lines, ...ledger].join("\n").replaceAll(/127\.0\.0\.1:\d+/g, "host");
}

test("the same seed and the same calls give the same journal and the same ledger, to the byte", async () => {
  expect(await aDay(7)).toBe(await aDay(7));
});

test("another seed gives another journal", async () => {
  expect(await aDay(7)).not.toBe(await aDay(8));
});

test("what happens to one transaction does not depend on the others", async () => {
  const alone = await startLab({ seed: 3 });
  const crowded = await startLab({ seed: 3 });
  await crowded.open();
  await crowded.open();
  for (const { chapa, open } of [alone, crowded]) {
    await open({ tx_ref: "MINE" });
    await chapa.act("MINE", "pay");
  }
  const [a, b] = [alone, crowded].map(({ chapa }) => chapa.transaction("MINE"));
  expect(a?.reference).toBe(b?.reference);
  expect(new URL(a?.checkoutUrl ?? "").pathname).toBe(new URL(b?.checkoutUrl ?? "").pathname);
});
