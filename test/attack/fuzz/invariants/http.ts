import type { APIGatewayProxyEventV2 } from "aws-lambda";
import * as z from "zod";
import { LoginRequest, Problem } from "../../../../lib/contract/api.ts";
import { Uuid } from "../../../../lib/domain/ids.ts";
import { PriceBook, priceOf } from "../../../../lib/domain/prices.ts";
import type { Principal } from "../../../../lib/domain/principal.ts";
import { addisAbabaDay, spanOfDay } from "../../../../lib/domain/time.ts";
import { spanOf } from "../../../../lib/flows/list-payments.ts";
import { cursors } from "../../../../lib/http/cursor.ts";
import { endpoint, json } from "../../../../lib/http/endpoint.ts";
import { BodyTooLarge, Forbidden, InputInvalid, WebhookInvalid } from "../../../../lib/http/errors.ts";
import { formBody } from "../../../../lib/http/form-body.ts";
import { InitiateBody, toCommand } from "../../../../lib/http/initiate-request.ts";
import { ListFilter, listedUser, nextLink } from "../../../../lib/http/list-request.ts";
import { parseRequest } from "../../../../lib/http/parse.ts";
import type { HttpAnswer } from "../../../../lib/http/problem.ts";
import { BODY_LIMIT_BYTES, rawBody } from "../../../../lib/http/raw-body.ts";
import { signedNotice, unsignedReference } from "../../../../lib/http/webhook-request.ts";
import { aContext, anEvent } from "../../../support/events.ts";
import { FEE, T0 } from "../../../support/payments.ts";
import { demand, demandCleanPrototypes, digitsOf, exactHundredths, orRefused, own, plainly, textOf } from "./broken.ts";

export const OWNER: Principal = {
  kind: "user",
  userId: FEE.userId,
  role: "owner",
  email: "owner@rental.et",
  phone: undefined,
  language: "am",
};
export const PROGRAM: Principal = { kind: "service", name: "listing", roles: ["service"], callsPerMinute: 120 };

const BOOK = PriceBook.parse({ listing_fee: { amounts: ["500.00", "450"] }, boost: { amounts: ["99.90"] } });
const HONOURED: Record<string, readonly number[]> = { listing_fee: [50_000, 45_000], boost: [9_990] };
const NEW_ID = "0b0a7c1e-3c1f-4f27-8a52-6f2f5f0f7a99";
const ANSWER_LIMIT = 16 * 1024;

const Accepted = z.object({
  user_id: z.string(),
  property_id: z.string(),
  request_id: z.string(),
  amount: z.number(),
  purpose: z.string(),
});

let caller: Principal = OWNER;
const initiate = endpoint("json", async ({ event, body }) => {
  const command = toCommand(
    parseRequest("body", InitiateBody, body),
    event,
    { principal: caller, operators: [] },
    () => NEW_ID,
  );
  const { amount, purpose } = priceOf(BOOK, command);
  const { userId: user_id, propertyId: property_id, requestId: request_id } = command;
  return json(202, Accepted, { user_id, property_id, request_id, amount, purpose });
});

type Asked = Pick<APIGatewayProxyEventV2, "headers" | "isBase64Encoded"> & { body?: string };

/** Any request to initiate is parsed correctly, or refused with a 4xx that names the problem. */
export async function initiateInvariant(asked: Asked, by: Principal): Promise<void> {
  caller = by;
  const event = anEvent(asked);
  const answer = await initiate(event, aContext());
  answerInvariant(answer, [202, 403, 422]);
  demandCleanPrototypes();
  if (answer.statusCode !== 202) return;
  const { amount, ...accepted } = Accepted.parse(plainly(answer.body));
  const sent = plainly(unmarked(Buffer.from(asked.body ?? "", asked.isBase64Encoded ? "base64" : "utf8")));
  for (const name of ["user_id", "property_id"] as const) {
    demand(digitsOf(textOf(own(sent, name))) === digitsOf(accepted[name]), `${name} is the one that was sent`);
  }
  demand(by.kind === "service" || accepted.user_id === by.userId, "users act for themselves only");
  demand(HONOURED[accepted.purpose]?.includes(amount) ?? false, "nothing is sold but at its price");
  const named = own(sent, "amount");
  if (named !== undefined && named !== null) {
    demand(exactHundredths(String(named)) === BigInt(amount), "an amount that was named is the one that is taken");
  }
  const key = event.headers["idempotency-key"];
  if (key !== undefined && !Uuid.safeParse(key).success)
    demand(
      [key, Uuid.safeParse(key.slice(1, -1)).data, key.slice(1, -1)].includes(accepted.request_id),
      "a key is kept",
    );
}

function unmarked(bytes: Buffer): string {
  return bytes.toString("utf8").replace(/^\ufeff/, "");
}

/** Every answer has a documented status and a short, complete body. Every refusal is a problem document. */
export function answerInvariant(answer: HttpAnswer, statuses: readonly number[]): void {
  demand(statuses.includes(answer.statusCode), `nothing answers ${answer.statusCode} here`);
  demand(answer.body.length <= ANSWER_LIMIT, "no answer is blown up by its question");
  for (const value of Object.values(answer.headers)) {
    demand(/^[\t\x20-\x7e]*$/.test(value), "no header holds what a header cannot");
  }
  if (answer.statusCode < 400) return;
  demand(answer.headers["content-type"] === "application/problem+json", "a refusal is a problem");
  const problem = Problem.safeParse(plainly(answer.body)).data;
  demand(problem?.status === answer.statusCode, "a problem says its status");
}

const LIST_KEY = "cursor-key";

/** Any query of a list gives only payments that the caller may see, in a bounded period, or a refusal that names a field. */
export function listRequestInvariant(query: Record<string, string>, by: Principal): void {
  orRefused(
    () => {
      const read = parseRequest("query", ListFilter, query);
      demand(Number.isInteger(read.limit) && read.limit >= 1 && read.limit <= 100, "a page has 1 to 100 payments");
      const userId = listedUser(by, read.user_id);
      demand(by.kind === "service" || by.role === "admin" || userId === by.userId, "users are shown their own");
      const span = spanOf(read.from, read.to, T0, userId !== undefined);
      demand(Number.isFinite(span.from) && Number.isFinite(span.to), "a span has a beginning and an end");
      for (const at of [span.from, span.to]) {
        const day = spanOfDay(addisAbabaDay(at));
        demand(day.from <= at && at <= day.to, "both ends of a span are in days that can be verified");
      }
      if (read.cursor !== undefined) cursorInvariant(read.cursor, [userId ?? null]);
      const link = nextLink(anEvent({ rawPath: "/api/v1/payments", queryStringParameters: query }), "c");
      demand(/^<\/api\/v1\/payments\?[\x21-\x7e]*>; rel="next"$/.test(link), "a link is one that a header can hold");
    },
    InputInvalid,
    Forbidden,
  );
  demandCleanPrototypes();
}

/** A list accepts only its own cursors. */
export function cursorInvariant(text: string, list: readonly unknown[]): void {
  const ours = cursors(LIST_KEY, list);
  const mark = orRefused(() => ours.read(text), InputInvalid);
  demand(mark === undefined || ours.write(mark) === text, "a cursor is one that this list wrote");
}

/** A parsed form has only own fields, or it is refused as too large or unreadable. */
export async function formInvariant(asked: Asked): Promise<void> {
  const fields = await formBody(anEvent(asked)).catch((error: unknown) => {
    demand(error instanceof BodyTooLarge || error instanceof InputInvalid, "a form is refused by name");
    return undefined;
  });
  if (fields === undefined) return;
  demand(Object.getPrototypeOf(fields) === Object.prototype, "no field becomes a prototype");
  const text = unmarked(Buffer.from(asked.body ?? "", asked.isBase64Encoded ? "base64" : "utf8"));
  const last = new Map(new URLSearchParams(text));
  const isMultipart = asked.headers["content-type"]?.startsWith("multipart/");
  for (const [name, value] of Object.entries(fields)) {
    if (isMultipart) demand(text.includes(value), "a field stands in the form");
    else demand(last.get(name) === value, "a field is what the form says last");
  }
  orRefused(() => parseRequest("body", LoginRequest, fields), InputInvalid);
  demandCleanPrototypes();
}

/** For any bytes, the webhook's reference is the one in its text, or the webhook is refused with a named error. */
export function webhookInvariant(asked: Asked & { queryStringParameters?: Record<string, string> }): void {
  const event = anEvent(asked);
  const raw = orRefused(() => rawBody(event, BODY_LIMIT_BYTES), BodyTooLarge);
  if (raw === undefined) return;
  demand(raw.length <= BODY_LIMIT_BYTES, "no body is larger than what is read");
  const text = unmarked(raw);
  const said = plainly(text);
  const form = [...new URLSearchParams(text).values()];
  const signed = orRefused(() => signedNotice(raw), WebhookInvalid)?.tx_ref;
  const named = [own(said, "tx_ref"), own(said, "trx_ref")].filter((name) => typeof name === "string");
  if (signed !== undefined) {
    demand(signed.length >= 1 && signed.length <= 64, "a reference has 1 to 64 characters");
    demand([...named, ...form].includes(signed), "a signed reference stands in the signed bytes");
  }
  const unsigned = unsignedReference(event, raw);
  if (unsigned !== undefined) {
    const query = Object.values(asked.queryStringParameters ?? {}).flatMap((value) => [value, ...value.split(",")]);
    demand(unsigned !== "" && [...named, ...query, ...form].includes(unsigned), "a reference is one that was sent");
  }
  demandCleanPrototypes();
}
