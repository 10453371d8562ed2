import * as z from "zod";
import {
  ATTENTION_CODES,
  CAPTURE_KINDS,
  ERROR_CODES,
  type ErrorCode,
  FAILURE_CODES,
  MODES,
  REFUND_STATES,
  REVERSALS,
  STATES,
  WIRE_STATUSES,
} from "../domain/vocabulary.ts";

// Callers send UUIDs in every textual form: with or without hyphens, braces or `urn:uuid:`, in any case. The pattern
// has no flag, because a JSON Schema cannot carry one.
const UUID_TEXT =
  /^\s*(?:[uU][rR][nN]:[uU][uU][iI][dD]:)?\{?[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}\}?\s*$/;
export const UuidText = z.string().regex(UUID_TEXT, "not a UUID");

/** How to reach a payer. A program that asks for a user may send it; every field is optional. */
const Customer = z.object({
  email: z.string().max(254).nullish(),
  phone_number: z.string().max(32).nullish(),
  full_name: z.string().max(200).nullish(),
  preferred_language: z.string().max(16).nullish(),
});

const Reason = z.string().max(500).trim().min(1);

const As = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, "not 1 to 64 letters, digits, `.`, `_` and `-`")
  .nullish()
  .describe("Whom of its people a program asks for, in its own words; users must not send it. Without personal data.");

/** The part of a body that names for whom a program decides. */
export const DecidedAs = z.object({ as: As });

/**
 * Body of POST /api/v1/payments/initiate. Unknown keys are ignored, because callers send some that we do not use; the
 * answer names them.
 */
export const InitiateRequest = z
  .object({
    request_id: UuidText.nullish().describe(
      "Id of this request. The same id with the same body gives the same payment.",
    ),
    property_id: UuidText,
    user_id: UuidText,
    amount: z
      .union([z.number(), z.string()], { error: "neither a number nor decimal text" })
      .nullish()
      .describe("In birr. Must equal the price of the purpose; absent means that price."),
    currency: z
      .string()
      .max(16)
      .nullish()
      .describe("Must equal the currency of the price; absent means that currency."),
    purpose: z.string().max(32).nullish(),
    customer: Customer.nullish().describe("Only from programs; users' own data come from User Management."),
    reason: Reason.nullish().describe(
      "Why support asks in the owner's name. The owner reads it. Required from administrators; programs may send it; " +
        "owners must not. Without personal data.",
    ),
    as: As,
    is_test_mode: z.unknown().optional().describe("Ignored. The key of this stage decides which money it takes."),
  })
  .meta({ id: "InitiateRequest" });
export type InitiateRequest = z.infer<typeof InitiateRequest>;

/** Body of POST /api/v1/payments/{payment_id}/attention/{entry}. */
export const AttentionAnswer = z
  .object({
    reason: Reason.describe("What was done about it. Without personal data."),
    version: z.number().int().min(1).describe("The payment's version that you saw."),
    as: As,
  })
  .meta({ id: "AttentionAnswer" });

const RefundId = z.string().regex(/^[A-Za-z0-9:_-]{1,64}$/, "not 1 to 64 letters, digits, `-`, `_` and `:`");

/** Body of POST /api/v1/payments/{payment_id}/release. */
export const ReleaseRequest = AttentionAnswer.extend({}).meta({ id: "ReleaseRequest" });

/** Body of POST /api/v1/payments/{payment_id}/review. */
export const ReviewRequest = z
  .object({
    decision: z.enum(["accept", "reject"]).describe("Whether the money that arrived pays the fee."),
    reason: AttentionAnswer.shape.reason.describe("Why. Without personal data."),
    version: AttentionAnswer.shape.version,
    as: As,
    captures: z
      .array(
        z
          .object({
            capture: z.string().min(1).max(64).describe("Chapa's reference of the money, or `attempt-N`."),
            keep: z.string().max(200).trim().min(1).optional().describe("Why this money is not sent back."),
            refund_id: RefundId.optional().describe(
              "The id of the refund under which all that is left of it goes back.",
            ),
          })
          .refine(({ keep, refund_id }) => (keep === undefined) !== (refund_id === undefined), {
            error: "needs either keep or refund_id",
          }),
      )
      .max(64)
      .default([])
      .describe("When you reject: what becomes of each capture of which something is left."),
  })
  .meta({ id: "ReviewRequest" });

/** The path's part that names a refund, chosen by whoever requested it. */
export const RefundPath = z.object({ refund_id: RefundId });

/** Body of POST /api/v1/payments/{payment_id}/refunds. */
export const RefundRequest = z
  .object({
    refund_id: RefundPath.shape.refund_id
      .nullish()
      .describe(
        "Names the refund; the same id never sends money twice. The header Idempotency-Key may carry it instead.",
      ),
    capture: z
      .string()
      .min(1)
      .max(64)
      .nullish()
      .describe("Chapa's reference of the money; required when more than one capture has something left."),
    amount: z
      .union([z.number(), z.string()], { error: "neither a number nor decimal text" })
      .nullish()
      .describe("In birr; absent means all that is left of the capture."),
    reason: AttentionAnswer.shape.reason.describe("Why. Without personal data."),
    version: AttentionAnswer.shape.version,
    as: As,
  })
  .meta({ id: "RefundRequest" });

/** Body of POST /api/v1/payments/{payment_id}/refunds/{refund_id}. */
export const RefundOutcomeRequest = z
  .object({
    outcome: z.enum(["settled", "refused"]).describe("What became of the refund at Chapa, as you found out there."),
    reason: AttentionAnswer.shape.reason.describe("How you know. Without personal data."),
    version: AttentionAnswer.shape.version,
    as: As,
  })
  .meta({ id: "RefundOutcomeRequest" });

/** Body of POST /api/v1/attention/answers. */
export const AnswersRequest = z
  .object({
    code: z.enum(ATTENTION_CODES),
    before: z.iso.datetime({ offset: true }).describe("Only entries that were raised at this moment or before."),
    reason: AttentionAnswer.shape.reason,
    as: As,
  })
  .meta({ id: "AnswersRequest" });

export const AnswersResponse = z
  .object({
    answers: z.array(
      z.object({
        payment_id: z.string(),
        entry: z.string(),
        outcome: z
          .enum(["answered", "changed", "gone"])
          .describe("`changed`: the payment moved while it was answered, so it stays open."),
      }),
    ),
    unreadable: z.array(z.string()).describe("Payments that cannot be read right now."),
    has_more: z.boolean().describe("Whether more payments may wait; send the same request again."),
  })
  .meta({ id: "AnswersResponse" });

/** The path's part that names an entry of attention. */
export const EntryPath = z.object({ entry: z.string().min(1).max(255).describe("The entry's id.") });

/** The path's part that names a payment by any reference that a person can hold. */
export const ReferencePath = z.object({
  reference: z
    .string()
    .min(1)
    .max(64)
    .describe("A tx_ref, a payment's id or ref, or Chapa's own reference, as a receipt shows it."),
});

/** A payment as callers see it. */
export const PaymentResponse = z
  .object({
    request_id: z
      .string()
      .nullable()
      .describe("Where a request is answered, its own id; elsewhere the one of the request that began the payment."),
    property_id: z.string().nullable(),
    user_id: z.string().nullable(),
    amount: z.number().describe("In birr."),
    currency: z.string(),
    mode: z.enum(MODES).describe("Whether its checkout asks for real money."),
    purpose: z.string().nullable(),
    id: z.string().describe("A UUID of version 4 shape."),
    status: z.enum(WIRE_STATUSES),
    state: z.enum(STATES),
    chapa_tx_ref: z.string(),
    checkout_url: z.string().nullable(),
    next_payment_id: z
      .string()
      .nullable()
      .describe(
        "The payment with which the same fee goes on, because this one went back or its checkouts are used up.",
      ),
    created_at: z.string().describe("ISO 8601, UTC."),
    updated_at: z.string(),
    failure_reason: z.string().nullable().describe("For people; often in Chapa's words."),
    failure_code: z
      .enum(FAILURE_CODES)
      .nullable()
      .describe(
        "Why it is not paid, for programs. `try_failed`: only the last try failed, and it can be tried again. Null while " +
          "nothing failed.",
      ),
    approved_at: z.string().nullable().describe("When it was paid; it stays when the money goes back."),
    warnings: z
      .array(z.object({ code: z.literal("unknown_field"), field: z.string(), detail: z.string() }))
      .optional()
      .describe("Only in answers to initiate, and only if the request has fields that are not known."),
  })
  .meta({ id: "Payment" });
export type PaymentResponse = z.infer<typeof PaymentResponse>;

/** A payment for its owner, who waits for it. */
export const PaymentStatus = PaymentResponse.extend({
  chapa_tx_ref: z.string().describe("Masked, as callers of the predecessor expect; see `reference`."),
  checkout_url: z
    .string()
    .nullable()
    .describe("Where it can be paid; null if no checkout is open, or if its link must not be given out right now."),
  reference: z.string().describe("The tx_ref of its checkout, which support asks for."),
  support_reason: z
    .string()
    .nullable()
    .describe("Why support last asked for its link in the owner's name; null if support never did."),
  retry_after: z
    .number()
    .int()
    .nullable()
    .describe("After how many seconds to ask for the status again; null once nothing more is expected."),
}).meta({ id: "PaymentStatus" });
export type PaymentStatus = z.infer<typeof PaymentStatus>;

const openWord = (known: readonly string[]) =>
  z.string().describe(`One of ${known.join(", ")}, or a word that a later release adds.`);
const instant = z.string().nullable().describe("ISO 8601, UTC.");

/** What the listing service got about a payment. */
export const ListingDelivery = z
  .object({
    outcome: z
      .enum(["acknowledged", "unanswered", "waiting", "refused", "unclear", "failed_sent", "nothing"])
      .describe(
        "`acknowledged`: the listing has the success. `waiting`: it does not have it yet. `unanswered`: the last delivery " +
          "got no answer. `refused`: it takes no success any more, so a person decides. `unclear`: nobody knows what it " +
          "did with it. `failed_sent`: it was sent FAILED. `nothing`: there is nothing to tell.",
      ),
    at: instant.describe("When that was, as far as it is stored."),
    next_at: instant.describe("When it is delivered again at the latest; null if it is not."),
  })
  .meta({ id: "ListingDelivery", description: "What the listing service got." });

/** Money of one capture that was sent back, or shall be. */
export const RefundResponse = z
  .object({
    id: z.string().describe("Masked for owners."),
    capture: z.string().describe("Masked for owners."),
    amount: z.number().describe("In birr."),
    state: openWord(REFUND_STATES),
    by: z.string().nullable().describe("Who requested it; null for owners."),
    reason: z.string().nullable().describe("Null for owners."),
    at: z.string(),
    settled_at: instant,
    refusal: z.string().nullable().describe("Why it came to nothing; null for owners."),
  })
  .meta({ id: "Refund" });

/**
 * A payment with its checkouts, captures and history. Only administrators and programs see Chapa's references and
 * texts.
 */
export const PaymentDetail = PaymentResponse.extend({
  explanation: z
    .string()
    .describe("In plain English: what is known, what happens next and when, and what a person can do."),
  previous_payment_id: z.string().nullable().describe("The earlier payment of the same fee, which this one follows."),
  listing: ListingDelivery,
  version: z.number().int().describe("Rises with each change of state; a decision names the version that it is about."),
  late: z.boolean().describe("Whether the money came after the payment was settled without money."),
  finalised: z.boolean().describe("Whether no further checkout can follow, because the listing service gets FAILED."),
  attention: z
    .array(
      z.object({
        id: z.string().describe("Names the entry in an answer."),
        code: z.string(),
        subject: z
          .string()
          .describe(
            "What it is about: a capture (Chapa's reference), a refund, an attempt (`attempt-N`) or `delivery`.",
          ),
        at: z.string(),
        amount: z.number().nullable().describe("The amount that a webhook reported, if the entry is about one."),
        answered: z
          .object({ at: z.string(), by: z.string(), reason: z.string() })
          .nullable()
          .describe("Null while it waits for a person."),
      }),
    )
    .describe("What a person must see, oldest first. Ids and subjects are masked for owners."),
  expires_at: instant.describe("When it expires if it is not paid; null once it is settled."),
  attempts: z.array(
    z.object({
      number: z.number().int(),
      chapa_tx_ref: z.string(),
      amount: z.number(),
      mode: z.enum(MODES),
      opened_at: z.string(),
      closed_at: instant,
      end: z.string().nullable(),
    }),
  ),
  captures: z.array(
    z.object({
      attempt: z.number().int(),
      at: z.string(),
      kind: openWord(CAPTURE_KINDS),
      amount: z.number().nullable(),
      currency: z.string().nullable(),
      mode: z.string().nullable(),
      method: z.string().nullable(),
      reference: z.string().nullable(),
      back: z.array(z.object({ kind: openWord(REVERSALS), amount: z.number(), by: z.string() })),
    }),
  ),
  refundable: z.number().describe("What can still be sent back, in birr."),
  refunds: z.array(RefundResponse),
  support_links: z
    .array(z.object({ at: z.string(), by: z.string().describe("Masked for owners."), reason: z.string() }))
    .describe("Links that support asked for in the owner's name, oldest first."),
  history: z.array(
    z.object({ transition: z.string(), at: z.string(), by: z.string(), evidence: z.string().nullable() }),
  ),
}).meta({ id: "PaymentDetail" });
export type PaymentDetail = z.infer<typeof PaymentDetail>;

/** A payment in a list. */
export const ListedPayment = PaymentResponse.extend({
  attention: z.array(z.string()).describe("The codes that wait for a person."),
  listing: ListingDelivery,
}).meta({ id: "ListedPayment" });
export type ListedPayment = z.infer<typeof ListedPayment>;

const LIST_LIMIT = 100;

const Moment = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], {
    error: "neither a day (YYYY-MM-DD) nor a time with its zone",
  })
  .describe("A day in Addis Ababa, or a time with its zone.");

/** Query of a list of payments. */
export const ListQuery = z.object({
  limit: z.coerce.number().int().min(1).max(LIST_LIMIT).default(20),
  cursor: z
    .string()
    .max(512)
    .optional()
    .describe("The cursor of the page before; the other parameters must stay the same."),
  status: z.enum(WIRE_STATUSES).optional(),
  state: z.enum(STATES).optional(),
  attention: z
    .enum(["open", ...ATTENTION_CODES])
    .optional()
    .describe("For administrators and programs: payments that wait for a person, all or those with this code."),
  property_id: UuidText.optional(),
  user_id: UuidText.optional().describe("For administrators and programs; other callers see only their own payments."),
  from: Moment.optional().describe("First checkout not before this day or time."),
  to: Moment.optional().describe("First checkout not after this day or time."),
});

/** A page of payments, latest first (with `attention`: who waits longest first). It may be short, or empty, while there is more. */
export const PaymentList = z
  .object({
    data: z.array(ListedPayment),
    has_more: z.boolean(),
    next_cursor: z.string().nullable(),
    warning: z
      .object({
        code: z.literal("payment_unreadable"),
        detail: z.string(),
        payment_ids: z.array(z.string()).describe("The payments that belong to this page."),
      })
      .optional()
      .describe("Present if payments are missing from `data` because they cannot be read right now."),
  })
  .meta({ id: "PaymentPage" });

/** Every error body: RFC 9457, whose `detail` is a sentence. */
export const Problem = z
  .object({
    type: z.string().describe("Where the code is explained: an address relative to this API."),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.enum(ERROR_CODES).describe("For programs. A code never changes its meaning."),
    request_id: z.string(),
    errors: z
      .array(
        z.object({
          pointer: z.string(),
          loc: z.array(z.union([z.string(), z.number()])),
          msg: z.string(),
          type: z.string(),
        }),
      )
      .optional(),
    state: z.string().optional().describe("The payment's state, if it does not allow the decision."),
    changes: z
      .array(z.object({ transition: z.string(), at: z.string(), by: z.string() }))
      .optional()
      .describe("What changed since the version that the caller named."),
  })
  .meta({ id: "Problem" });
export type Problem = z.infer<typeof Problem>;

/** An error that API Gateway answers itself: the request is not signed, or the service did not answer in time. */
export const GatewayAnswer = z.object({ message: z.string() }).meta({ id: "GatewayAnswer" });

/** What Chapa sends. Only the reference is used, and only the HMAC of the raw body proves who sent it. */
export const ChapaWebhook = z
  .looseObject({
    event: z.string().optional(),
    tx_ref: z.string().optional(),
    reference: z.string().optional(),
    status: z.string().optional(),
    amount: z.union([z.string(), z.number()]).optional(),
  })
  .meta({ id: "ChapaWebhook" });

/** This description itself. */
export const ApiDescription = z.looseObject({ openapi: z.string() }).meta({ id: "ApiDescription" });

/** The webhook's answer. */
export const WebhookAnswer = z.object({ message: z.string() }).meta({ id: "WebhookAnswer" });

// No database stores the character NUL, so User Management fails instead of refusing it.
const login = (limit: number) =>
  z
    .string()
    .min(1)
    .max(limit)
    .refine((text) => !text.includes("\0"), { error: "has the character NUL" });

/** Body of POST /token, a form. Other fields of OAuth's password grant are ignored. */
export const LoginRequest = z
  .object({
    username: login(254).describe("The e-mail address at User Management."),
    password: login(1024),
  })
  .meta({ id: "LoginRequest" });

/** User Management's answer to a login. */
export const TokenResponse = z
  .object({
    access_token: z.string(),
    refresh_token: z.string(),
    token_type: z.string(),
  })
  .meta({ id: "Tokens" });

export const HealthResponse = z
  .object({
    status: z.literal("healthy"),
    db: z.literal("ok"),
    chapa_api: z.literal("ok").describe("The result of the last check, at most five minutes old."),
    version: z.string().describe("The release of the service."),
  })
  .meta({ id: "Health" });

const unhealthy = {
  db: z.enum(["ok", "error"]),
  db_error: z.string().optional(),
  chapa_api: z.enum(["ok", "error", "unknown"]),
  chapa_api_error: z.string().optional(),
  version: z.string(),
};

/** A problem whose `detail` is an object, because callers of the predecessor read the state there. */
export const UnhealthyResponse = z
  .object({
    type: Problem.shape.type,
    title: z.string(),
    status: z.number().int(),
    code: z.literal("unhealthy" satisfies ErrorCode),
    request_id: z.string(),
    detail: z.object({ status: z.string(), ...unhealthy }),
    ...unhealthy,
  })
  .meta({ id: "Unhealthy" });

const count = z.number().int();

/** Counters since the service began. A payment counts from its first checkout. */
export const MetricsResponse = z
  .object({
    total_payments: count,
    pending_payments: count,
    success_payments: count,
    failed_payments: count,
    webhook_calls: count,
    initiate_calls: count,
    status_calls: count,
    timeout_jobs_run: count,
    total_revenue: z.number().describe("In birr, less what went back."),
  })
  .meta({ id: "Metrics" });
export type MetricsResponse = z.infer<typeof MetricsResponse>;
