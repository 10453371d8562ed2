import fc from "fast-check";
import { expect, test } from "vitest";
import { PaymentNotFound } from "../../../lib/domain/errors.ts";
import { paymentIdOf } from "../../../lib/domain/ids.ts";
import { cursors } from "../../../lib/http/cursor.ts";
import { Forbidden, InputInvalid } from "../../../lib/http/errors.ts";
import { tagged } from "../../../lib/http/etag.ts";
import { formBody } from "../../../lib/http/form-body.ts";
import { textFormatOf } from "../../../lib/http/metrics-text.ts";
import { pageLanguage } from "../../../lib/http/pages/frame.ts";
import { pendingPage } from "../../../lib/http/pages/pending-page.ts";
import { paymentAt } from "../../../lib/http/payment-path.ts";
import { requestAt } from "../../../lib/http/request-path.ts";
import { inInvocation, traceHeaders } from "../../../lib/runtime/invocation.ts";
import { aContext, anEvent } from "../../support/events.ts";
import { anOpened, aRef, FEE, POLICY } from "../../support/payments.ts";
import { amountText, anyJson, anyText, joined, mostly, strangeJson } from "./hostile.ts";
import { demand, orRefused, orRefusedLater } from "./invariants/broken.ts";
import {
  cursorInvariant,
  formInvariant,
  initiateInvariant,
  listRequestInvariant,
  OWNER,
  PROGRAM,
} from "./invariants/http.ts";
import { holds, holdsOften } from "./settings.ts";

const callers = fc.constantFrom(OWNER, PROGRAM);
const uuidText = fc.oneof(
  fc.constantFrom(FEE.userId, FEE.propertyId),
  fc.uuid(),
  joined(
    fc.constantFrom("", "urn:uuid:", "URN:UUID:", " ", "{", "\ufeff", "-"),
    fc.uuid().chain((id) => fc.constantFrom(id, id.toUpperCase(), id.replaceAll("-", ""), id.replace("-", ""))),
    fc.constantFrom("", "}", " ", "\n", "}}", "-"),
  ),
  anyText,
);

test("initiate understands a body as it was meant or refuses it with a 4xx: never a 5xx, another price or another payer", async () => {
  const body = mostly({
    user_id: fc.oneof({ arbitrary: fc.constant(FEE.userId), weight: 5 }, { arbitrary: uuidText, weight: 1 }),
    property_id: uuidText,
    request_id: fc.oneof(uuidText, fc.constant(null)),
    amount: fc.oneof(fc.constantFrom(500, 450, 99.9, "500.00", null), amountText, fc.double()),
    currency: fc.constantFrom("ETB", null),
    purpose: fc.constantFrom("listing_fee", "boost", "constructor", "__proto__", null),
    customer: mostly({ email: anyText, phone_number: anyText, full_name: anyText, preferred_language: anyText }),
  }).map((value) => JSON.stringify(value));
  const headers = fc.record(
    { "idempotency-key": fc.oneof(uuidText, anyText), traceparent: anyText, "content-type": anyText },
    { requiredKeys: [] },
  );
  const text = fc.oneof({ arbitrary: body, weight: 4 }, strangeJson(body), anyText);
  await holdsOften(3, [text, headers, callers, fc.boolean()], (sent, given, caller, isBase64Encoded) => {
    const asText = isBase64Encoded ? Buffer.from(sent).toString("base64") : sent;
    return initiateInvariant({ body: asText, headers: given, isBase64Encoded }, caller);
  });
});

const moment = fc.oneof(
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10)),
  fc.constantFrom("2026-02-30", "0000-01-01", "9999-12-31", "9999-12-31T23:59:59-23:59", "2026-11-24T25:00:00Z"),
  anyText,
);
const query = fc.record(
  {
    limit: fc.oneof(fc.integer().map(String), anyText, fc.constantFrom("1e1", "0x10", " 5 ", "")),
    cursor: anyText,
    status: fc.oneof(fc.constantFrom("PENDING", "SUCCESS", "FAILED"), anyText),
    user_id: uuidText,
    from: moment,
    to: moment,
  },
  { requiredKeys: [] },
);

test("a list is a page of what the caller may see within a span of time, or a refusal that names the field", async () => {
  await holdsOften(3, [query, callers], (asked, caller) => listRequestInvariant(asked, caller));
});

test("a list continues where a page ended by its own cursor only, and by no other text, key or list", async () => {
  const mark = fc.record({ ref: fc.constant(aRef()), at: fc.maxSafeInteger() });
  await holds([mark, anyText, fc.nat(), fc.integer({ min: 1, max: 127 })], (end, text, at, flip) => {
    const list = [FEE.userId, null];
    const written = cursors("cursor-key", list).write(end);
    expect(cursors("cursor-key", list).read(written)).toEqual(end);
    cursorInvariant(text, list);
    const where = at % written.length;
    const code = written.charCodeAt(where) ^ flip;
    const forged = written.slice(0, where) + String.fromCharCode(code) + written.slice(where + 1);
    expect(() => cursors("cursor-key", list).read(forged)).toThrow(InputInvalid);
    expect(() => cursors("cursor-key", [...list, text]).read(written)).toThrow(InputInvalid);
    expect(() => cursors(`cursor-key${text}x`, list).read(written)).toThrow(InputInvalid);
  });
});

test("a path leads to a payment by its own id only, and to no other user's", async () => {
  const payment = anOpened();
  const id = fc.oneof(uuidText, anyText, fc.constant(paymentIdOf(payment.ref)), fc.constant(undefined));
  await holdsOften(2, [id, callers, anyText], async (payment_id, caller, rawPath) => {
    const event = anEvent({ rawPath, ...(payment_id === undefined ? {} : { pathParameters: { payment_id } }) });
    const known = [InputInvalid, PaymentNotFound, Forbidden];
    const find = async (ref: string) => (ref === payment.ref ? payment : undefined);
    const found = await orRefusedLater(() => paymentAt(event, caller, find), ...known);
    demand((found !== undefined) === (payment_id === paymentIdOf(payment.ref)), "only its own id leads to a payment");
  });
});

test("a path names a request of the caller's own, unless the caller may ask for others", async () => {
  await holdsOften(2, [anyText, fc.option(uuidText, { nil: undefined }), callers], (request_id, user_id, caller) => {
    const event = anEvent({
      pathParameters: { request_id },
      ...(user_id === undefined ? {} : { queryStringParameters: { user_id } }),
    });
    const asked = orRefused(() => requestAt(event, caller), InputInvalid, Forbidden);
    if (asked && caller.kind === "user") expect(asked.userId).toBe(caller.userId);
  });
});

test("a form is its own fields and nothing else, whatever its type and encoding are called", async () => {
  const type = fc.oneof(
    fc.constantFrom("application/x-www-form-urlencoded", "Application/X-WWW-Form-Urlencoded; a=b"),
    anyText,
  );
  const form = fc
    .array(fc.tuple(anyText, anyText), { maxLength: 6 })
    .map((fields) =>
      new URLSearchParams(
        fields.map(([name, value]): [string, string] => [name.toWellFormed(), value.toWellFormed()]),
      ).toString(),
    );
  await holdsOften(2, [fc.oneof(form, anyText), type, fc.boolean()], (body, contentType, isBase64Encoded) =>
    formInvariant({ body, headers: { "content-type": contentType }, isBase64Encoded }),
  );
});

test("a multipart form is read as it was written, field by field", async () => {
  const name = fc.stringMatching(/^[\w .:[\]-]{1,20}$/);
  const value = anyText.map((text) => text.toWellFormed().replaceAll("--X", "").replaceAll("\r", ""));
  await holdsOften(
    1,
    [fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 6 })],
    async (fields) => {
      const parts = fields.map(
        ([key, text]) => `--X\r\nContent-Disposition: form-data; name="${key}"\r\n\r\n${text}\r\n`,
      );
      const headers = { "content-type": "multipart/form-data; boundary=X" };
      const read = await formBody(anEvent({ headers, body: `${parts.join("")}--X--` }));
      expect(Object.entries(read).toSorted()).toEqual(fields.toSorted());
    },
  );
});

test("a tag gives the answer or 304, and 304 only to a caller who has this very answer", async () => {
  const answer = { statusCode: 200, headers: { "content-type": "application/json" }, body: "{}" };
  const tag = tagged(anEvent(), answer).headers["etag"] ?? "";
  await holds(
    [fc.array(fc.oneof(anyText, fc.constantFrom(tag, `W/${tag}`, "*", tag.slice(1))), { maxLength: 4 })],
    (tags) => {
      const given = tags.join(",");
      const { statusCode, body, headers } = tagged(anEvent({ headers: { "if-none-match": given } }), answer);
      expect(headers["etag"]).toBe(tag);
      expect([statusCode, body]).toEqual(given.includes(tag) || given.includes("*") ? [statusCode, body] : [200, "{}"]);
      if (statusCode === 304) expect(body).toBe("");
    },
  );
});

test("a trace is passed on only in the form that a trace has", async () => {
  await holds([anyText], async (text) => {
    const { traceparent: passed } = await inInvocation(aContext(), text, async () => traceHeaders());
    expect(passed === undefined || /^[0-9a-f-]{55}$/.test(passed)).toBe(true);
  });
});

test("a language, a format or a reference never gets into the page or the answer unescaped", async () => {
  await holds([anyText, anyText, fc.nat()], (text, accept, since) => {
    const language = pageLanguage(text, accept);
    expect(["en", "am", "om"]).toContain(language);
    expect([undefined, "prometheus", "openmetrics"]).toContain(textFormatOf(accept));
    const visit = { language, since, now: since, around: { site: undefined, support: text } };
    const { body } = pendingPage(anOpened(), `<script>${text}"'`, visit, POLICY);
    expect(body).not.toContain("<script>");
    expect(body.match(/<[a-z/!][^>]*>/g)?.length).toBe(
      pendingPage(anOpened(), "x", visit, POLICY).body.match(/<[a-z/!][^>]*>/g)?.length,
    );
  });
});

test("arbitrary JSON is never taken for a request", async () => {
  await holds([anyJson, callers], (value, caller) =>
    initiateInvariant({ body: JSON.stringify(value) ?? "", headers: {}, isBase64Encoded: false }, caller),
  );
});
