import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Stage } from "../../local/demo/stage.ts";
import { openStage } from "../support/stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({});
});
beforeEach(() => stage.cloud.reset());
afterAll(() => stage.close());

describe("GET /api/v1/payments/{payment_id}/status", () => {
  test("tells the owner where his payment stands, without what would let a reader of it pay or refund", async () => {
    const checkout = await stage.checkout(stage.addProperty());
    const { status, body } = await stage.status(checkout);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: checkout.id,
      status: "PENDING",
      state: "PENDING",
      chapa_tx_ref: "********",
      checkout_url: null,
      amount: 500,
      currency: "ETB",
    });
  });

  test("is open to the owner and to administrators, and to nobody else", async () => {
    const { id } = await stage.checkout(stage.addProperty());
    const answers = await Promise.all(
      (["owner", "admin", "owner2", "tenant"] as const).map(async (who) => (await stage.caller.status(id, who)).status),
    );
    expect(answers).toEqual([200, 200, 403, 403]);
    const anonymous = await stage.caller.get(`/api/v1/payments/${id}/status`);
    expect(anonymous.status).toBe(401);
    expect(anonymous.headers.get("www-authenticate")).toBe("Bearer");
  });

  test("says 404 in the original's words for an id that is nobody's", async () => {
    const { status, body } = await stage.caller.status(randomUUID());
    expect({ status, detail: body["detail"], code: body["code"] }).toEqual({
      status: 404,
      detail: "Payment not found",
      code: "payment_not_found",
    });
  });

  test("names the path's parameter when it is no UUID", async () => {
    const { status, body } = await stage.caller.status("not-a-uuid");
    expect(status).toBe(422);
    expect(body["errors"]).toMatchObject([{ loc: ["path", "payment_id"] }]);
  });
});
