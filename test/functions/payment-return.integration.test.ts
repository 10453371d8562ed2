import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { txRefOf } from "../../lib/domain/ids.ts";
import texts from "../../lib/http/pages/texts.json" with { type: "json" };
import type { HttpResponse } from "../../local/api-client.ts";
import type { Action } from "../../local/chapa/actions.ts";
import { PROFILE_NAMES } from "../../local/chapa/profiles.ts";
import type { ChapaSimulator } from "../../local/chapa/simulator.ts";
import { type Checkout, DAY_MS, HOUR_MS, type Stage } from "../../local/demo/stage.ts";
import { PAID_PATH, TX_STAGE } from "../../local/environment.ts";
import { aRef } from "../support/payments.ts";
import { attemptOf, openStage, paidUnnoticed, SILENT, simulatedChapa, verifiedAt } from "../support/stage.ts";

const UNKNOWN = txRefOf({ ref: aRef(), txStage: TX_STAGE }, 0);
const PENDING_URL = "https://rental.example/payment/pending?from=chapa";

let stage: Stage;
let chapa: ChapaSimulator;
let propertyId: string;
beforeAll(async () => {
  stage = await openStage({});
  chapa = simulatedChapa(stage);
});
beforeEach(async () => {
  chapa.setProfile("observed");
  await stage.cloud.reset();
  propertyId = stage.addProperty();
});
afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(() => stage.close());

/** What a browser shows: it follows our redirect to the address at which the page refreshes itself. */
async function visit(reference: string, headers: Record<string, string> = {}): Promise<HttpResponse> {
  const address = `${stage.cloud.address.api}/api/v1/payments/return/${reference}`;
  const answer = await stage.caller.browse(address, headers);
  const to = refreshingAt(answer);
  return to === undefined ? answer : stage.caller.browse(address.replace(/\?.*/, "") + to, headers);
}

/** The query to which our redirect leads. */
function refreshingAt({ headers }: HttpResponse): string | undefined {
  const location = headers.get("location");
  return location?.startsWith("?") ? location : undefined;
}

const successPage = () => `${stage.cloud.address.api}${PAID_PATH}`;
const verifies = () => verifiedAt(stage).length;

/** Where a browser is sent, with the query as fields. */
function sentTo({ status, headers }: HttpResponse): { status: number; to: string; query: object } {
  const location = new URL(headers.get("location") ?? "about:blank");
  const query = Object.fromEntries(location.searchParams);
  location.search = "";
  return { status, to: location.href, query };
}

/** Seconds until the page asks for its own address again. */
function refreshOf({ headers }: HttpResponse): number | undefined {
  return Number(headers.get("refresh")) || undefined;
}

test("a payer who has paid is sent to the success page with property, reference, amount and payment, even without a webhook", async () => {
  const { id, txRef } = await paidUnnoticed(stage, propertyId);
  const answer = await visit(txRef);
  const query = { property_id: propertyId, tx_ref: txRef, amount: "500.00", payment_id: id };
  expect(sentTo(answer)).toEqual({ status: 303, to: successPage(), query });
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect((await stage.status({ id, txRef, url: "" })).body["status"]).toBe("SUCCESS");
});

test("a payer who has paid may return any number of times without another call to Chapa", async () => {
  const { txRef } = await paidUnnoticed(stage, propertyId);
  for (let count = 0; count < 3; count++) {
    expect((await visit(txRef)).status).toBe(303);
    await stage.cloud.clock.advance(10_000);
  }
  expect(verifies()).toBe(1);
});

test.each(PROFILE_NAMES)(
  "a payer who has paid is sent to the success page whatever Chapa appends to the address (%s)",
  async (profile) => {
    chapa.setProfile(profile);
    stage.plan(SILENT);
    const { txRef } = await stage.checkout(propertyId);
    const { redirect } = await chapa.act(txRef, "pay");
    const answer = await stage.caller.browse(String(redirect));
    expect(sentTo(answer)).toMatchObject({ status: 303, to: successPage(), query: { tx_ref: txRef } });
  },
);

test("a payer who paid on an earlier link is sent to the success page, too", async () => {
  const old = await stage.checkout(propertyId);
  await stage.cloud.advance(HOUR_MS + 60_000);
  const fresh = await stage.checkout(propertyId);
  await stage.act(fresh, "pay");
  expect(sentTo(await visit(old.txRef))).toMatchObject({ status: 303, to: successPage() });
});

test.each([
  ["am-ET,am;q=0.9,en;q=0.5", "am"],
  ["om", "om"],
  ["en-GB", "en"],
  ["fr", "en"],
  ["", "en"],
] as const)(
  "a payer whose payment is not confirmed sees a page in their language: %j is %s",
  async (language, shown) => {
    const { txRef } = await stage.checkout(propertyId);
    const page = await visit(txRef, { "accept-language": language });
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(page.headers.get("cache-control")).toBe("no-store");
    expect(page.text).toContain(`<html lang="${shown}">`);
    for (const words of [texts[shown].verifying, "500.00", txRef]) expect(page.text).toContain(words);
  },
);

test("the pending page runs no script and loads nothing from elsewhere, and tells the browser so", async () => {
  const page = await visit((await stage.checkout(propertyId)).txRef);
  expect(page.text).not.toMatch(/<script|<img|<link|<iframe|javascript:|\bon\w+=|src=/i);
  expect(page.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-[^']+';/);
  expect(page.headers.get("x-content-type-options")).toBe("nosniff");
  expect(page.headers.get("referrer-policy")).toBe("no-referrer");
});

test("the pending page refreshes for two minutes and then says that the payer may leave, always in their language", async () => {
  const { txRef } = await stage.checkout(propertyId);
  const first = await stage.caller.browse(`${stage.cloud.address.api}/api/v1/payments/return/${txRef}`, {
    "accept-language": "om",
  });
  const address = `${txRef}${refreshingAt(first)}`;
  let page = await visit(address, { "accept-language": "en" });
  let waited = 0;
  for (let seconds = refreshOf(page); seconds && waited < 600; seconds = refreshOf(page)) {
    waited += seconds;
    await stage.cloud.clock.advance(seconds * 1_000);
    page = await visit(address, { "accept-language": "en" });
  }
  expect(waited).toBe(120);
  expect(page.text).toContain(texts.om.waited);
});

test("the pending page's own refresh sends a payer on once they have paid", async () => {
  stage.plan(SILENT);
  const checkout = await stage.checkout(propertyId);
  expect(refreshOf(await visit(checkout.txRef))).toBe(5);
  await stage.act(checkout, "close-tab");
  await stage.cloud.clock.advance(6_000);
  expect(sentTo(await visit(checkout.txRef))).toMatchObject({ status: 303, to: successPage() });
});

test("a payer sees the pending page, and no state changes, whatever is wrong with Chapa's answer", async () => {
  stage.plan(SILENT);
  const visits: Promise<HttpResponse>[] = [];
  const faults = "401burst 429 500 resetMidBody malformedJson timeoutBeforeEffect";
  for (const fault of faults.split(" ")) {
    const checkout = await stage.checkout(stage.addProperty());
    await chapa.act(checkout.txRef, "close-tab");
    await stage.cloud.fault("chapa", { fault, route: `verify/${checkout.txRef}` });
    visits.push(visit(checkout.txRef));
  }
  for (const page of await Promise.all(visits)) {
    expect([page.status, page.headers.get("location")]).toEqual([200, null]);
    expect(page.text).toContain(texts.en.verifying);
  }
  const payments = await stage.cloud.rows.payments();
  expect(payments.map(({ state, version }) => [state, version])).toEqual(visits.map(() => ["PENDING", 2]));
});

test.each<[Action, number, "verifying" | "review" | "failed" | "expired"]>([
  ["fail", 0, "failed"],
  ["abandon", 0, "verifying"],
  ["wrong-amount", 0, "review"],
  ["live-test-mix", 0, "review"],
  ["abandon", 7 * DAY_MS, "expired"],
  ["cancel", HOUR_MS + 60_000, "failed"],
])(
  "a payer is never sent to the success page without a success: after %s and %d ms they see %s",
  async (action, ms, shown) => {
    const checkout = await stage.checkout(propertyId);
    await stage.act(checkout, action);
    await stage.cloud.advance(ms);
    await stage.cloud.sweep();
    const page = await visit(checkout.txRef);
    expect([page.status, page.headers.get("location")]).toEqual([200, null]);
    expect(page.text).toContain(texts.en[`${shown}_title`]);
    expect(refreshOf(page) !== undefined).toBe(shown === "verifying");
    expect(page.text.includes(`href="/api/v1/payments/${checkout.id}/checkout?lang=en"`)).toBe(
      shown === "failed" || shown === "expired",
    );
  },
);

test.each([UNKNOWN, UNKNOWN.toLowerCase(), "tx-6f1d2f0e-54a1-4c7e-9d54-0d6a4b0f1c11", "%20", "..%2F.."])(
  "an unknown reference is answered 404 with a page and asks Chapa nothing: %s",
  async (reference) => {
    const page = await visit(reference);
    expect(page.status).toBe(404);
    expect(page.headers.get("cache-control")).toBe("no-store");
    expect(page.text).toContain(texts.en.unknown);
    expect(verifies()).toBe(0);
  },
);

test("an attempt that we never began is an unknown reference, even of a payment of ours", async () => {
  const { txRef } = await paidUnnoticed(stage, propertyId);
  expect((await visit(attemptOf(txRef, 1))).status).toBe(404);
  expect(verifies()).toBe(0);
});

test.each(['"><script>alert(1)</script>', "'onload='x"])(
  "nothing of an address or of a header gets into the page: %s",
  async (evil) => {
    const { txRef } = await stage.checkout(propertyId);
    const text = encodeURIComponent(evil);
    const pages = [
      await visit(text),
      await visit(`${txRef}?lang=${text}&since=${text}&trx_ref=${text}&status=${text}`),
      await visit(txRef, { "accept-language": evil, "x-forwarded-host": evil, referer: evil }),
    ];
    expect(pages.map(({ status }) => status)).toEqual([404, 200, 200]);
    for (const page of pages) expect(page.text).not.toContain(evil);
    for (const page of pages) expect(page.text).not.toMatch(/<script|onload|alert/i);
  },
);

describe("the front end's own pending page", () => {
  beforeEach(async () => {
    vi.stubEnv("FRONTEND_PENDING_URL", PENDING_URL);
    vi.stubEnv("FRONTEND_ORIGINS", `${stage.cloud.address.api},${new URL(PENDING_URL).origin}`);
    await stage.cloud.functions.load();
  });

  test("a payer is sent to the front end's pending page, and that address keeps its own query", async () => {
    const { id, txRef } = await stage.checkout(propertyId);
    const query = { from: "chapa", property_id: propertyId, tx_ref: txRef, amount: "500.00", payment_id: id };
    const to = "https://rental.example/payment/pending";
    expect(sentTo(await visit(txRef))).toEqual({ status: 303, to, query });
  });

  test("a payer who has paid is still sent to the success page, and an unknown reference nowhere", async () => {
    const { txRef } = await paidUnnoticed(stage, propertyId);
    expect(sentTo(await visit(txRef)).to).toBe(successPage());
    expect((await visit(UNKNOWN)).status).toBe(404);
  });

  test.each(["http://localhost:5173", "https://rental.example.evil.example", "http://rental.example"])(
    "the function does not start when the pending page is not at an allowed origin, as with %s",
    async (origins) => {
      vi.stubEnv("FRONTEND_ORIGINS", `${stage.cloud.address.api},${origins}`);
      await expect(stage.cloud.functions.load()).rejects.toThrow("FRONTEND_ORIGINS");
    },
  );
});

test("returning payers cause no more verifications than the limit, and are answered all the same", async () => {
  stage.plan(SILENT);
  const checkouts: Checkout[] = [];
  for (let count = 0; count < 5; count++) checkouts.push(await stage.checkout(stage.addProperty()));
  for (const checkout of checkouts) await stage.act(checkout, "close-tab");
  vi.stubEnv("RATE_LIMIT_TRIGGERS", "3");
  await stage.cloud.functions.load();

  const answers = await Promise.all(checkouts.map(({ txRef }) => visit(txRef)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 303, 303, 303]);
  expect(verifies()).toBe(3);

  // The schedule does not share their budget.
  await stage.cloud.advance(121_000);
  const payments = await stage.cloud.rows.payments();
  expect(payments.map(({ state }) => state)).toEqual(checkouts.map(() => "SUCCESS"));
});

test("one payment is verified once in five seconds for returning payers", async () => {
  const { txRef } = await stage.checkout(propertyId);
  const pages = [await visit(txRef), await visit(txRef), await visit(txRef)];
  expect(pages.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(verifies()).toBe(1);
  await stage.cloud.clock.advance(5_000);
  await visit(txRef);
  expect(verifies()).toBe(2);
});
