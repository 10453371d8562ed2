import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DependencyUnavailable } from "../../lib/domain/errors.ts";
import { call } from "../../lib/runtime/call.ts";
import { ListingService } from "../../lib/services/listing.ts";
import { NotificationService } from "../../lib/services/notification.ts";
import { UserDirectory } from "../../lib/services/user-directory.ts";
import { UserManagement } from "../../lib/services/user-management.ts";
import { FaultPlan } from "../../local/faults.ts";
import { type Answer, type Listening, type Request, serve } from "../../local/serve.ts";
import { FEE } from "../support/payments.ts";

let requests: Request[];
let answers: Record<string, Answer>;
let faults: FaultPlan;
let server: Listening;

beforeEach(async () => {
  requests = [];
  answers = {};
  faults = new FaultPlan(() => 0);
  server = await serve(
    "service",
    0,
    (request) => {
      requests.push(request);
      return answers[`${request.method} ${request.path}`] ?? { status: 404, body: { detail: "Not Found" } };
    },
    faults,
  );
});
afterEach(() => server.close());

describe("User Management", () => {
  const verify = () => new UserManagement(`${server.origin}/api/v1`, call).verify("token");
  const known = {
    user_id: FEE.userId.toUpperCase(),
    role: "owner",
    email: "abebe@rental.et",
    phone_number: "+251911223344",
    preferred_language: "am",
  };
  const answering = (body: unknown, status = 200) => {
    answers["GET /api/v1/auth/verify"] = { status, body };
  };

  test("User Management is asked with GET and the caller's own token", async () => {
    answering(known);
    expect(await verify()).toEqual({
      userId: FEE.userId,
      role: "owner",
      email: "abebe@rental.et",
      phone: "+251911223344",
      language: "am",
    });
    expect(requests[0]?.headers.authorization).toBe("Bearer token");
  });

  test("User Management may know neither phone nor language", async () => {
    answering({ ...known, phone_number: null, preferred_language: null });
    expect(await verify()).toMatchObject({ phone: undefined, language: undefined });
  });

  test("User Management may write an old phone number as bytes", async () => {
    answering({ ...known, phone_number: "\\x2b323531393131323233333434" });
    expect(await verify()).toMatchObject({ phone: "+251911223344" });
  });

  test.each([401, 403])("User Management answering %d does not know the token", async (status) => {
    answering({ detail: "Could not validate credentials" }, status);
    expect(await verify()).toBeUndefined();
  });

  test.each([
    [500, { detail: "x" }],
    [404, { detail: "Not Found" }],
    [200, {}],
    [200, "<html>"],
    [200, { ...known, user_id: "admin" }],
  ])("User Management answering %d %j is unavailable, which is not a refusal", async (status, body) => {
    answering(body, status);
    await expect(verify()).rejects.toThrow(DependencyUnavailable);
  });

  test.each([500, 502, 503])(
    "User Management that answers %d once is asked once more, and then believed",
    async (status) => {
      answering(known);
      await faults.set({ fault: String(status), times: 1 });
      requests = [];
      expect(await verify()).toMatchObject({ userId: FEE.userId });
      await faults.set({ fault: "500" });
      await expect(verify()).rejects.toThrow(DependencyUnavailable);
    },
  );

  test("User Management that fails is asked twice for a user's details, and a login is never repeated", async () => {
    answers["GET /api/v1/users/1"] = { status: 500, body: "Internal Server Error" };
    answers["POST /api/v1/auth/login"] = { status: 500, body: "Internal Server Error" };
    const directory = new UserDirectory({
      baseUrl: `${server.origin}/api/v1`,
      paths: ["/users/1"],
      signIn: async () => undefined,
      send: call,
      clock: { now: () => 0 },
    });
    await expect(directory.find(FEE.userId)).rejects.toThrow(DependencyUnavailable);
    const login = new UserManagement(`${server.origin}/api/v1`, call).login({ username: "a", password: "b" });
    await expect(login).rejects.toThrow(DependencyUnavailable);
    expect(requests.map(({ method }) => method)).toEqual(["GET", "GET", "POST"]);
  });

  test.each(["down", "resetBeforeHeaders"])("User Management that is %s is unavailable", async (fault) => {
    await faults.set(fault);
    await expect(verify()).rejects.toThrow(DependencyUnavailable);
  });
});

describe("Property Listing", () => {
  const listing = () => new ListingService(`${server.origin}/api/v1`, async () => "listing-key", call);
  const confirm = (limitMs?: number) =>
    listing().confirm({ propertyId: FEE.propertyId, paymentId: FEE.userId, status: "SUCCESS", txRef: "T" }, limitMs);
  const answering = (status: number, body: unknown) => {
    answers["POST /api/v1/payments/confirm"] = { status, body };
  };

  test("the listing is told with its own key, and only strings", async () => {
    answering(200, { status: "received", property_status: "APPROVED", payment_status: "SUCCESS" });
    expect(await confirm()).toEqual({ kind: "received", propertyStatus: "APPROVED", paymentStatus: "SUCCESS" });
    expect(requests[0]?.headers["x-api-key"]).toBe("listing-key");
    expect(JSON.parse(String(requests[0]?.body))).toEqual({
      property_id: FEE.propertyId,
      payment_id: FEE.userId,
      status: "SUCCESS",
      tx_ref: "T",
    });
  });

  test.each([{}, { status: "surprise" }, { ok: true }])(
    "the listing answering 200 %j has shown nothing, which is neither doubt nor proof",
    async (body) => {
      answering(200, body);
      expect(await confirm()).toEqual({ kind: "received", propertyStatus: "", paymentStatus: "" });
    },
  );

  test.each([
    [200, { status: "already_processed" }, "already_processed"],
    [404, { detail: "Property not found" }, "not_found"],
    [404, { detail: "Not Found" }, "unavailable"],
    [404, "<html>", "unavailable"],
    [422, { detail: [] }, "invalid"],
    [500, { detail: "x" }, "unavailable"],
    [503, "", "unavailable"],
    [429, {}, "unavailable"],
    [200, "<html>", "unavailable"],
    [502, "", "unknown"],
    [504, "", "unknown"],
  ])("the listing answering %d %j has answered %s", async (status, body, kind) => {
    answering(status, body);
    expect(await confirm()).toEqual({ kind });
  });

  test.each([401, 403])("the listing answering %d refuses our key", async (status) => {
    answering(status, { detail: "Invalid API Key" });
    expect(await confirm()).toEqual({ kind: "key_refused", httpStatus: status });
  });

  test("a listing that breaks off or stays silent may have acted, and is not told again at once", async () => {
    answering(200, { status: "received" });
    for (const fault of ["resetAfterEffect", "timeoutAfterEffect"]) {
      requests = [];
      await faults.set({ fault, times: 1 });
      expect(await confirm(150)).toEqual({ kind: "unknown" });
      expect(requests).toHaveLength(1);
    }
  });

  test("a listing that cannot be reached has certainly not acted", async () => {
    await faults.set("down");
    expect(await confirm()).toEqual({ kind: "unavailable" });
  });

  test("the listing shows an approved property in public, or among the reserved", async () => {
    const shown = () => listing().isPublicOrReserved(FEE.propertyId);
    const reserved = (...items: object[]) => ({ status: 200, body: { total: items.length, items } });
    answers["GET /api/v1/properties/reserved"] = reserved();
    expect(await shown()).toBe(false);
    answers["GET /api/v1/properties/reserved"] = reserved({ id: FEE.propertyId.toUpperCase(), x: 1 });
    expect(await shown()).toBe(true);
    answers[`GET /api/v1/properties/public/${FEE.propertyId}`] = { status: 200, body: {} };
    expect(await shown()).toBe(true);
  });

  test("a property is found in a list of thousands of reserved ones, which is larger than other answers may be", async () => {
    const others = Array.from({ length: 2_000 }, (_, index) => ({ id: String(index), title: "x".repeat(500) }));
    const items = [...others, { id: FEE.propertyId }];
    answers["GET /api/v1/properties/reserved"] = { status: 200, body: { total: items.length, items } };
    expect(await listing().isPublicOrReserved(FEE.propertyId)).toBe(true);
  });

  test("a listing that shows nothing leaves the question open", async () => {
    const shown = () => listing().isPublicOrReserved(FEE.propertyId);
    expect(await shown()).toBeUndefined();
    answers[`GET /api/v1/properties/public/${FEE.propertyId}`] = { status: 500, body: {} };
    expect(await shown()).toBeUndefined();
    await faults.set("down");
    expect(await shown()).toBeUndefined();
  });

  test("the listing is asked once more for a property when the connection broke", async () => {
    answers[`GET /api/v1/properties/public/${FEE.propertyId}`] = { status: 200, body: {} };
    await faults.set({ fault: "resetBeforeHeaders", times: 1 });
    expect(await listing().isPublicOrReserved(FEE.propertyId)).toBe(true);
  });
});

describe("Notification", () => {
  const notice = {
    userId: FEE.userId,
    event: "paid",
    amount: "500.00 ETB",
    txRef: "T",
    link: "https://pay.rental.et/api/v1/payments/P/checkout",
    email: "abebe@rental.et",
    phone: "+251911223344",
    language: "am-ET",
  } as const;
  const send = (change: Partial<{ language: string; event: "expired" }> = {}) =>
    new NotificationService(`${server.origin}/api/v1`, async () => "bearer", call).send({ ...notice, ...change });
  const answering = (status: number) => {
    answers["POST /api/v1/notifications/send"] = { status, body: {} };
  };

  test("the notification service gets a body that every version of it understands, in the user's language", async () => {
    answering(202);
    expect(await send()).toEqual({ kind: "sent", status: 202 });
    const body = JSON.parse(String(requests[0]?.body));
    expect(body).toMatchObject({
      user_id: FEE.userId,
      email: "abebe@rental.et",
      phone_number: "+251911223344",
      preferred_language: "am",
      event_type: "payment_success",
      context: { amount: "500.00 ETB", tx_ref: "T" },
    });
    expect(body.message).toContain("500.00 ETB");
    expect(body.message).toMatch(/[\u1200-\u137f]/);
    expect(body.subject).not.toBe("");
    expect(requests[0]?.headers.authorization).toBe("Bearer bearer");
  });

  test.each(["fr", "", "__proto__"])("a notification is in English where the language is %j", async (language) => {
    answering(202);
    await send({ language });
    expect(JSON.parse(String(requests[0]?.body))).toMatchObject({
      preferred_language: "en",
      subject: "Payment received",
    });
  });

  test.each([
    [202, "sent"],
    [200, "sent"],
    [500, "maybe"],
    [502, "maybe"],
    [503, "later"],
    [429, "later"],
    [401, "not_allowed"],
    [403, "not_allowed"],
    [422, "refused"],
    [404, "refused"],
  ])("a notification that is answered %d is %s", async (status, kind) => {
    answering(status);
    expect(await send()).toEqual({ kind, status });
  });

  test.each([
    [404, { detail: "Not Found" }, "not_allowed"],
    [404, { detail: "User with ID 1 not found." }, "refused"],
    [500, { detail: "User verification failed" }, "later"],
    [500, { detail: "Failed to send notification: (sqlalchemy…)" }, "maybe"],
  ])("a notification that is answered %d %j is %s", async (status, body, kind) => {
    answers["POST /api/v1/notifications/send"] = { status, body };
    expect(await send()).toEqual({ kind, status });
  });

  test("a notification is sent later when the service cannot be reached, and counts as uncertain when it breaks off", async () => {
    answering(202);
    await faults.set({ fault: "resetAfterEffect", times: 1 });
    expect(await send()).toEqual({ kind: "maybe" });
    await faults.clear();
    await faults.set("down");
    expect(await send()).toEqual({ kind: "later" });
  });
});
