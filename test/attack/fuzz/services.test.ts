import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DependencyUnavailable } from "../../../lib/domain/errors.ts";
import { CallFailed, type HttpResponse } from "../../../lib/runtime/call.ts";
import { ListingService } from "../../../lib/services/listing.ts";
import { messageFor } from "../../../lib/services/messages.ts";
import { NotificationService } from "../../../lib/services/notification.ts";
import { UserDirectory } from "../../../lib/services/user-directory.ts";
import { UserManagement, unescaped } from "../../../lib/services/user-management.ts";
import { FEE } from "../../support/payments.ts";
import { anyBytesAsText, anyJson, anyText, mostly, strangeJson } from "./hostile.ts";
import { demand, demandCleanPrototypes, digitsOf, orRefusedLater, own, plainly, textOf } from "./invariants/broken.ts";
import { holds, holdsOften } from "./settings.ts";

const statuses = fc.oneof(
  fc.constantFrom(200, 401, 403, 404, 422, 429, 500, 502, 504),
  fc.integer({ min: 100, max: 599 }),
);
const failures = fc.boolean().map((sent) => new CallFailed("ECONNRESET", sent));
const repliesOf = (body: fc.Arbitrary<unknown>): fc.Arbitrary<HttpResponse | CallFailed> => {
  const text = body.map((value) => JSON.stringify(value) ?? "");
  const texts = fc.oneof({ arbitrary: text, weight: 4 }, strangeJson(text), anyBytesAsText, anyText);
  return fc.oneof({ arbitrary: fc.record({ status: statuses, text: texts }), weight: 9 }, failures);
};
const sendOf = (reply: HttpResponse | CallFailed) => async () => {
  if (reply instanceof CallFailed) throw reply;
  return reply;
};
const said = (reply: HttpResponse | CallFailed) => (reply instanceof CallFailed ? undefined : plainly(reply.text));
const statusOf = (reply: HttpResponse | CallFailed) => (reply instanceof CallFailed ? undefined : reply.status);

/** What a call came to, or that the service is away; it throws nothing else. */
async function orAway<Result>(call: () => Promise<Result>) {
  let isAway = true;
  const found = await orRefusedLater(async () => {
    const result = await call();
    isAway = false;
    return result;
  }, DependencyUnavailable);
  return { found, isAway };
}

describe("User Management's answers", () => {
  const user = mostly({
    user_id: fc.oneof(fc.constant(FEE.userId), fc.uuid(), anyText),
    role: fc.oneof(fc.constantFrom("owner", "admin"), anyText),
    email: anyText,
    phone_number: fc.oneof(anyText, fc.constantFrom("\\x2b323531", "\\x2", "\\xzz")),
    full_name: anyText,
    preferred_language: anyText,
  });

  test("a token is refused by a 401 or 403 only, and a user is one that a 200 names", async () => {
    await holdsOften(2, [repliesOf(user)], async (reply) => {
      const users = new UserManagement("http://users/api/v1", sendOf(reply));
      const { found, isAway } = await orAway(() => users.verify("t"));
      if (found) {
        demand(statusOf(reply) === 200, "a user comes with a 200");
        const digits = digitsOf(textOf(own(said(reply), "user_id")));
        demand(digits === digitsOf(found.userId), "it is the user who is named");
        demand(own(said(reply), "role") === found.role, "a role is the one that is named");
      } else if (!isAway) {
        demand([401, 403].includes(statusOf(reply) ?? 0), "nobody is refused because a service is away");
      }
      demandCleanPrototypes();
    });
  });

  test("a login returns tokens of a 200 only, and is refused only where User Management refuses it", async () => {
    const tokens = mostly({ access_token: anyText, refresh_token: anyText, token_type: fc.constant("bearer") });
    await holds([repliesOf(tokens), anyText], async (reply, word) => {
      const users = new UserManagement("http://users/api/v1", sendOf(reply));
      const login = { username: word.toWellFormed(), password: word.toWellFormed() };
      const { found: given, isAway } = await orAway(() => users.login(login));
      if (given) demand(own(said(reply), "access_token") === given.access_token, "a token is the one that was given");
      else if (!isAway) demand([400, 401, 422].includes(statusOf(reply) ?? 0), "only a refusal refuses");
    });
  });

  test("a user is unknown only where every path says so, and known as one of the paths names them", async () => {
    await holds([repliesOf(user), fc.option(fc.constant("token"), { nil: undefined })], async (reply, token) => {
      const clock = { now: () => 0 };
      const directory = new UserDirectory({
        baseUrl: "http://users",
        paths: ["/a/{id}", "/b/{id}"],
        signIn: async () => token,
        send: sendOf(reply),
        clock,
      });
      const { found, isAway } = await orAway(() => directory.find(FEE.userId));
      if (found)
        demand((own(said(reply), "email") ?? undefined) === found.email, "an address is the one that was said");
      else if (!isAway)
        demand([401, 403, 404].includes(statusOf(reply) ?? 0), "only an answer says that nobody is there");
    });
  });

  test("escaped bytes of a telephone number are undone, and everything else stays as it is", async () => {
    await holds([anyText], (text) => {
      expect(unescaped(`\\x${Buffer.from(text.toWellFormed()).toString("hex")}`)).toBe(
        text === "" ? "\\x" : text.toWellFormed(),
      );
      if (!text.startsWith("\\x")) expect(unescaped(text)).toBe(text);
    });
  });
});

describe("the listing's answers", () => {
  const confirmation = { propertyId: FEE.propertyId, paymentId: FEE.userId, status: "SUCCESS", txRef: "T" } as const;

  test("a confirmation is acknowledged only by a 200 that says so, and has an unknown outcome after a lost answer", async () => {
    const body = mostly({
      status: fc.constantFrom("received", "already_processed", "other"),
      property_status: fc.constantFrom("APPROVED", "DELETED"),
      payment_status: fc.constantFrom("SUCCESS", "PENDING"),
    });
    await holdsOften(2, [repliesOf(body)], async (reply) => {
      const listing = new ListingService("http://listing/api/v1", async () => "key", sendOf(reply));
      const result = await listing.confirm(confirmation);
      if (result.kind === "received") {
        demand(statusOf(reply) === 200, "only a 200 is received");
        demand((own(said(reply), "payment_status") ?? "") === result.paymentStatus, "it shows what it said");
        demand((own(said(reply), "property_status") ?? "") === result.propertyStatus, "it shows what it said");
      }
      if (result.kind === "already_processed") {
        demand(statusOf(reply) === 200 && own(said(reply), "status") === result.kind, "it says so itself");
      }
      if (reply instanceof CallFailed) expect(result.kind).toBe(reply.sent ? "unknown" : "unavailable");
      demandCleanPrototypes();
    });
  });

  test("a property is public or reserved only where an answer shows it", async () => {
    const items = fc.array(mostly({ id: fc.oneof(fc.constant<string>(FEE.propertyId), anyText) }), { maxLength: 3 });
    await holds([repliesOf(mostly({ items })), repliesOf(mostly({ items }))], async (shown, reserved) => {
      const send = async ({ url }: { url: string }) => sendOf(url.includes("/public/") ? shown : reserved)();
      const isThere = await new ListingService("http://listing", async () => "key", send).isPublicOrReserved(
        FEE.propertyId,
      );
      if (isThere === undefined) return;
      const list = own(said(reserved), "items");
      const ids = Array.isArray(list) ? list.map((row) => textOf(own(row, "id")).toLowerCase()) : [];
      expect(isThere).toBe(statusOf(shown) === 200 || ids.includes(FEE.propertyId));
    });
  });
});

describe("the notification service's answers", () => {
  const notice = {
    userId: FEE.userId,
    event: "paid",
    amount: "500.00 ETB",
    txRef: "T",
    link: "https://pay.rental.et/api/v1/payments/P/checkout",
    email: undefined,
    phone: undefined,
  } as const;

  test("a notice is sent, perhaps sent, sent later or never sent, and nothing is thrown", async () => {
    await holds([repliesOf(anyJson), anyText], async (reply, language) => {
      const service = new NotificationService("http://notify", async () => undefined, sendOf(reply));
      const delivery = await service.send({ ...notice, language });
      const status = statusOf(reply) ?? 0;
      expect(delivery.kind === "sent").toBe(status >= 200 && status < 300);
      if (reply instanceof CallFailed) expect(delivery).toEqual({ kind: reply.sent ? "maybe" : "later" });
    });
  });

  test("a notice has words in one of our languages, whatever the user's is called", async () => {
    await holds([anyText, fc.constantFrom("paid", "failed", "expired", "cancelled")], (language, event) => {
      const {
        subject,
        message,
        language: chosen,
      } = messageFor(event, language, {
        amount: "500.00 ETB",
        tx_ref: "T",
        link: "https://pay.rental.et/api/v1/payments/P/checkout",
      });
      expect(["en", "am", "om"]).toContain(chosen);
      expect(`${subject}${message}`).not.toMatch(/[{}]|undefined/);
    });
  });
});
