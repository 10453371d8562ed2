import type { APIGatewayProxyEventV2 } from "aws-lambda";
import * as z from "zod";
import { InitiateRequest, UuidText } from "../contract/api.ts";
import type { InitiateCommand } from "../domain/commands.ts";
import type { Contact } from "../domain/contact.ts";
import { Uuid } from "../domain/ids.ts";
import { parseBirr, type Santim } from "../domain/money.ts";
import { callsPerMinuteOf, isPrivileged, nameOf, type Principal } from "../domain/principal.ts";
import { header } from "./endpoint.ts";
import { Forbidden, InputInvalid } from "./errors.ts";
import { operatorOf } from "./operator.ts";
import { parseRequest } from "./parse.ts";

const IdempotencyKey = z.string().regex(/^[\x21-\x7e]{1,255}$/, "not 1 to 255 visible ASCII characters");

/**
 * A request id as it is stored: a UUID in canonical form, any other text unchanged. Some clients quote it, because the
 * header's draft makes it a quoted string.
 */
export const RequestId = z
  .string()
  .transform((text) => /^"(.*)"$/.exec(text)?.[1] ?? text)
  .pipe(IdempotencyKey)
  .transform((text) => Uuid.safeParse(text).data ?? text);

/** The body of a request, with ids in canonical form. */
export const InitiateBody = InitiateRequest.extend({
  request_id: UuidText.pipe(Uuid).nullish(),
  property_id: UuidText.pipe(Uuid),
  user_id: UuidText.pipe(Uuid),
});

/**
 * Returns the command for a body and its caller. An administrator asks in an owner's name, and says why.
 * @param caller `operators`: the users whom this stage lets decide
 * @throws Forbidden if the body names a user for whom the caller may not ask, InputInvalid
 */
export function toCommand(
  body: z.output<typeof InitiateBody>,
  event: APIGatewayProxyEventV2,
  { principal, operators }: { principal: Principal; operators: readonly string[] },
  newId: () => string,
): InitiateCommand {
  const userId = body.user_id;
  const isOwn = principal.kind === "user" && userId === principal.userId;
  if (!isOwn && !isPrivileged(principal)) throw new Forbidden("The user_id is not yours.");
  return {
    userId,
    propertyId: body.property_id,
    purpose: body.purpose ?? undefined,
    amount: amountOf(body.amount),
    currency: body.currency ?? undefined,
    requestId: requestIdOf(body.request_id ?? undefined, header(event, "idempotency-key")) ?? newId(),
    contact: contactOf(principal, body.customer),
    caller: nameOf(principal),
    callsPerMinute: callsPerMinuteOf(principal),
    support: supportOf(body, principal, operators),
  };
}

/**
 * Returns who asks in the owner's name, and why; undefined for owners, and for programs that give no reason.
 * @throws Forbidden if other people decide, or if an administrator names themselves; InputInvalid
 */
function supportOf(
  { user_id, reason, as }: z.output<typeof InitiateBody>,
  principal: Principal,
  operators: readonly string[],
): InitiateCommand["support"] {
  if (!isPrivileged(principal)) {
    if (reason) throw reasonInvalid("only who asks in another person's name gives a reason", "reason_not_allowed");
    return undefined;
  }
  const by = operatorOf(principal, operators, { as });
  if (principal.kind === "user" && user_id === principal.userId) {
    throw new Forbidden("An administrator asks in an owner's name, not in their own.");
  }
  if (reason) return { by, reason };
  if (principal.kind === "service" && principal.roles.includes("service")) return undefined;
  throw reasonInvalid("required from who asks in an owner's name", "reason_missing");
}

function reasonInvalid(msg: string, type: string): InputInvalid {
  return new InputInvalid([{ pointer: "/reason", loc: ["body", "reason"], msg, type }]);
}

function contactOf(principal: Principal, customer: InitiateRequest["customer"]): Contact | undefined {
  // An administrator's own data are not the payer's.
  if (principal.kind === "user" && isPrivileged(principal)) return undefined;
  if (principal.kind === "user") {
    return { email: principal.email, phone: principal.phone, language: principal.language };
  }
  return customer
    ? {
        email: customer.email ?? undefined,
        phone: customer.phone_number ?? undefined,
        name: customer.full_name ?? undefined,
        language: customer.preferred_language ?? undefined,
      }
    : undefined;
}

/**
 * Returns the body's request id or the Idempotency-Key header, which has the same meaning.
 * @throws InputInvalid if they differ
 */
function requestIdOf(id: Uuid | undefined, inHeader: string | undefined): string | undefined {
  const key = inHeader === undefined ? undefined : parseRequest("header", RequestId, inHeader);
  if (id === undefined || key === undefined || id === key) return id ?? key;
  const msg = "differs from the Idempotency-Key header";
  throw new InputInvalid([{ pointer: "/request_id", loc: ["body", "request_id"], msg, type: "request_id_conflict" }]);
}

function amountOf(amount: InitiateRequest["amount"]): Santim | undefined {
  if (amount === null || amount === undefined) return undefined;
  const santim = parseBirr(String(amount));
  if (santim !== undefined) return santim;
  const msg = "not an amount in birr with at most two decimals";
  throw new InputInvalid([{ pointer: "/amount", loc: ["body", "amount"], msg, type: "amount_invalid" }]);
}
