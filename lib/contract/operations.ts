import * as z from "zod";
import {
  NotificationsRequest,
  PauseRequest,
  PauseResponse,
  ReconcileRequest,
  ReconcileResponse,
  ResumeRequest,
} from "./actions.ts";
import {
  AnswersRequest,
  AnswersResponse,
  ApiDescription,
  AttentionAnswer,
  ChapaWebhook,
  EntryPath,
  HealthResponse,
  InitiateRequest,
  ListQuery,
  LoginRequest,
  MetricsResponse,
  PaymentDetail,
  PaymentList,
  PaymentResponse,
  PaymentStatus,
  ReferencePath,
  RefundOutcomeRequest,
  RefundPath,
  RefundRequest,
  ReleaseRequest,
  ReviewRequest,
  TokenResponse,
  UnhealthyResponse,
  UuidText,
  WebhookAnswer,
} from "./api.ts";
import { ComparisonResponse, DeliveriesResponse, OverviewResponse, TotalsQuery, TotalsResponse } from "./reports.ts";
import type { ROUTES } from "./routes.ts";

type KeyOf<Listed> = Listed extends { method: infer Method extends string; path: infer Path extends string }
  ? `${Method} ${Path}`
  : never;
type RouteKey = KeyOf<(typeof ROUTES)[number]>;

/** What a route takes and answers. The route itself defines who may call it and how others are refused. */
export type Operation = {
  summary: string;
  description?: string;
  path?: z.ZodObject;
  query?: z.ZodObject;
  header?: z.ZodObject;
  body?: { types: readonly string[]; schema: z.ZodType };
  /** Successful answers; a schema is JSON unless `type` names another type. */
  answers: Record<
    number,
    {
      description: string;
      type?: string;
      schema?: z.ZodType;
      headers?: z.ZodObject;
      /** Types of plain text in which the same answer is available. */
      text?: readonly string[];
    }
  >;
  /** Statuses of problems, in addition to those that follow from the route's access. */
  problems: readonly number[];
};

const PaymentPath = z.object({ payment_id: UuidText.describe("The payment's id, as initiate answered it.") });
const PageQuery = z.object({ lang: z.string().optional().describe("Language of the page: en, am or om.") });
const initiate: Operation = {
  summary: "Request a payment and its checkout",
  description:
    "One user, property and purpose is one payment. Every request for it gets the same payment and, while its checkout " +
    "can be paid, the same URL. An administrator asks in an owner's name and gives a `reason`, which the owner reads.",
  header: z.object({
    "idempotency-key": z
      .string()
      .regex(/^[\x21-\x7e]{1,255}$/)
      .optional()
      .describe("Has the same meaning as request_id."),
  }),
  body: { types: ["application/json"], schema: InitiateRequest },
  answers: {
    202: {
      description: "The payment. `checkout_url` is the page where it can be paid, or a page that shows its state.",
      schema: PaymentResponse,
      headers: z.object({ "idempotent-replayed": z.literal("true").optional() }),
    },
  },
  problems: [400, 404, 409, 422, 429, 503],
};

const ETag = z.object({ etag: z.string() });
const IfNoneMatch = z.object({ "if-none-match": z.string().optional() });

const NOT_MODIFIED = { description: "It has not changed since that ETag.", headers: ETag };

const reference: Omit<Operation, "summary"> = {
  description: "A page that loads nothing from other hosts.",
  header: IfNoneMatch,
  answers: {
    200: { description: "The page.", type: "text/html", schema: z.string(), headers: ETag },
    304: NOT_MODIFIED,
  },
  problems: [],
};

const referenceFile: Omit<Operation, "summary"> = {
  path: z.object({ file: z.string() }),
  header: IfNoneMatch,
  answers: {
    200: {
      description: "The file.",
      type: "text/javascript",
      schema: z.string(),
      text: ["text/css", "text/html"],
      headers: ETag,
    },
    304: NOT_MODIFIED,
  },
  problems: [404],
};

const status: Operation = {
  summary: "The state of a payment",
  path: PaymentPath,
  description: "If the stored state is old, this service also asks Chapa; the answer does not wait for it.",
  header: IfNoneMatch,
  answers: {
    200: { description: "The payment, and where it can be paid.", schema: PaymentStatus, headers: ETag },
    304: { description: "The payment has not changed since that ETag.", headers: ETag },
  },
  problems: [404, 422, 503],
};

const list: Operation = {
  summary: "Payments, newest first",
  description:
    "Owners see their own payments. Administrators and programs see those of one user, or of all users. Without `from`: the last 31 days.",
  query: ListQuery,
  answers: {
    200: {
      description: "One page; the header `Link` names the next one.",
      schema: PaymentList,
      headers: z.object({ link: z.string().optional() }),
    },
  },
  problems: [422, 503],
};

const token: Operation = {
  summary: "Log in at User Management",
  body: { types: ["application/x-www-form-urlencoded", "multipart/form-data"], schema: LoginRequest },
  answers: { 200: { description: "The tokens of User Management.", schema: TokenResponse } },
  problems: [401, 422, 429, 503],
};

const health: Operation = {
  summary: "Health of this service and its dependencies",
  answers: {
    200: { description: "Healthy.", schema: HealthResponse },
    503: {
      description: "Not healthy; `detail` says what does not work.",
      type: "application/problem+json",
      schema: UnhealthyResponse,
    },
  },
  problems: [],
};

const metrics: Operation = {
  summary: "Counters since the start of the service",
  description: "JSON; or Prometheus text if `Accept` asks for text/plain or application/openmetrics-text.",
  header: z.object({ accept: z.string().optional() }),
  answers: {
    200: {
      description: "The counters.",
      schema: MetricsResponse,
      text: ["text/plain", "application/openmetrics-text"],
    },
  },
  problems: [503],
};

const detail: Operation = {
  summary: "A payment with its checkouts, captures and history",
  path: PaymentPath,
  header: IfNoneMatch,
  answers: {
    200: { description: "The payment, its checkouts, captures and history.", schema: PaymentDetail, headers: ETag },
    304: { description: "The payment has not changed since that ETag.", headers: ETag },
  },
  problems: [404, 422, 503],
};

const byRequest: Operation = {
  summary: "The payment of a request",
  path: z.object({
    request_id: z
      .string()
      .regex(/^[\x21-\x7e]{1,255}$/)
      .describe("The request_id that was sent to initiate."),
  }),
  query: z.object({
    user_id: UuidText.optional().describe("The user who made the request; required for administrators and programs."),
  }),
  answers: {
    200: { description: "The payment; with its checkout for callers who may pay it.", schema: PaymentResponse },
  },
  problems: [404, 422, 503],
};

const verify: Operation = {
  summary: "Verify a payment at Chapa now",
  description: "A payment is verified at most once in five seconds; in between the answer is the stored state.",
  path: PaymentPath,
  answers: { 200: { description: "The payment after the verification.", schema: PaymentDetail } },
  problems: [404, 422, 429, 503],
};

const cancel: Operation = {
  summary: "Cancel a payment",
  description: "Only if Chapa confirms that the checkout was not paid and can no longer be paid.",
  path: PaymentPath,
  answers: {
    200: { description: "The payment, cancelled now or settled without money before.", schema: PaymentResponse },
  },
  problems: [404, 409, 422, 429, 503],
};

const answerEntry: Operation = {
  summary: "Answer an entry of attention",
  description: "An entry that is answered already stays as it is.",
  path: PaymentPath.extend(EntryPath.shape),
  body: { types: ["application/json"], schema: AttentionAnswer },
  answers: { 200: { description: "The payment; the entry is answered.", schema: PaymentDetail } },
  problems: [404, 409, 422, 503],
};

const review: Operation = {
  summary: "Decide about money that waits for a person",
  description:
    "`accept`: all of it pays the fee; Chapa must confirm it in this call. `reject`: it does not, and no checkout may be " +
    "left that somebody can pay; each capture of which something is left is named with the reason for keeping it. A " +
    "decision is made for the version that you saw, and is never carried over to a newer one.",
  path: PaymentPath,
  body: { types: ["application/json"], schema: ReviewRequest },
  answers: { 200: { description: "The payment after the decision.", schema: PaymentDetail } },
  problems: [404, 409, 422, 503],
};

const release: Operation = {
  summary: "Let a stuck payment go on",
  description: "Its checkouts that Chapa does not close end as lapsed, so that the owner can pay again.",
  path: PaymentPath,
  body: { types: ["application/json"], schema: ReleaseRequest },
  answers: { 200: { description: "The payment, released.", schema: PaymentDetail } },
  problems: [404, 409, 422, 503],
};

const refund: Operation = {
  summary: "Send money back",
  description:
    "All or a part of one capture. The same `refund_id` gives the same refund; what a repeated request leaves out equals " +
    "anything. A refund is sent to Chapa once, and asked about until its end is known.",
  path: PaymentPath,
  header: z.object({
    "idempotency-key": RefundPath.shape.refund_id.optional().describe("Has the same meaning as refund_id."),
  }),
  body: { types: ["application/json"], schema: RefundRequest },
  answers: { 200: { description: "The payment with the refund.", schema: PaymentDetail } },
  problems: [404, 409, 422, 503],
};

const refundOutcome: Operation = {
  summary: "Say what became of a refund that Chapa does not answer for",
  path: PaymentPath.extend(RefundPath.shape),
  body: { types: ["application/json"], schema: RefundOutcomeRequest },
  answers: { 200: { description: "The payment; the refund has ended.", schema: PaymentDetail } },
  problems: [404, 409, 422, 503],
};

const answers: Operation = {
  summary: "Answer all entries of attention with one code",
  description:
    "At most about 500 entries at once; `has_more` says that some were not reached. Each entry is answered by its own version.",
  body: { types: ["application/json"], schema: AnswersRequest },
  answers: { 200: { description: "What became of each entry.", schema: AnswersResponse } },
  problems: [422, 503],
};

const deliveries: Operation = {
  summary: "What was delivered to the listing and to the payer of a payment",
  path: PaymentPath,
  answers: { 200: { description: "The deliveries.", schema: DeliveriesResponse } },
  problems: [404, 422, 503],
};

const totals: Operation = {
  summary: "Payments and revenue by day",
  description: "At most 366 days. The last ten days are counted anew each night; before that a count may be off.",
  query: TotalsQuery,
  answers: { 200: { description: "The days, and their sum.", schema: TotalsResponse } },
  problems: [422, 503],
};

const overview: Operation = {
  summary: "What needs a person, what waits, and whether the other services work",
  answers: { 200: { description: "The overview.", schema: OverviewResponse } },
  problems: [503],
};

const comparison: Operation = {
  summary: "What the last comparison with Chapa's list found",
  answers: { 200: { description: "The findings.", schema: ComparisonResponse } },
  problems: [503],
};

const notifications: Operation = {
  summary: "Have the listing or the payer informed once more of a payment's state",
  path: PaymentPath,
  body: { types: ["application/json"], schema: NotificationsRequest },
  answers: { 200: { description: "The payment; its history names who asked, and why.", schema: PaymentDetail } },
  problems: [404, 409, 422, 503],
};

const reconcileNow: Operation = {
  summary: "Compare Chapa's list with our payments now",
  description:
    "It continues a comparison that is under way, and otherwise begins anew, also if today's is done. It may need several requests.",
  body: { types: ["application/json"], schema: ReconcileRequest },
  answers: { 200: { description: "How far it came.", schema: ReconcileResponse } },
  problems: [422, 503],
};

const pause: Operation = {
  summary: "Stop new payments and refunds",
  description:
    "Works within 30 seconds. Money that comes meanwhile is still confirmed. A pause replaces the one before.",
  body: { types: ["application/json"], schema: PauseRequest },
  answers: { 200: { description: "The pause.", schema: PauseResponse } },
  problems: [409, 422, 503],
};

const resume: Operation = {
  summary: "Let new payments and refunds go on",
  body: { types: ["application/json"], schema: ResumeRequest },
  answers: { 200: { description: "They go on.", schema: PauseResponse } },
  problems: [409, 422, 503],
};

const byReference: Operation = {
  summary: "The payment to which a reference leads",
  description:
    "A tx_ref, a payment's id or ref, or Chapa's own reference. Case does not matter, but for Chapa's reference.",
  path: ReferencePath,
  header: IfNoneMatch,
  answers: {
    200: { description: "The payment, its checkouts, captures and history.", schema: PaymentDetail, headers: ETag },
    304: NOT_MODIFIED,
  },
  problems: [404, 422, 503],
};

export const OPERATIONS: Record<RouteKey, Operation> = {
  "POST /api/v1/payments/initiate": initiate,
  "POST /internal/v1/payments/initiate": initiate,
  "GET /api/v1/payments/{payment_id}/status": status,
  "GET /internal/v1/payments/{payment_id}/status": status,
  "GET /api/v1/payments": list,
  "GET /internal/v1/payments": list,
  "GET /api/v1/payments/{payment_id}": detail,
  "GET /internal/v1/payments/{payment_id}": detail,
  "GET /api/v1/payments/by-request/{request_id}": byRequest,
  "GET /internal/v1/payments/by-request/{request_id}": byRequest,
  "POST /api/v1/payments/{payment_id}/verify": verify,
  "POST /internal/v1/payments/{payment_id}/verify": verify,
  "POST /api/v1/payments/{payment_id}/cancel": cancel,
  "POST /internal/v1/payments/{payment_id}/cancel": cancel,
  "POST /api/v1/payments/{payment_id}/attention/{entry}": answerEntry,
  "POST /internal/v1/payments/{payment_id}/attention/{entry}": answerEntry,
  "POST /api/v1/payments/{payment_id}/review": review,
  "POST /internal/v1/payments/{payment_id}/review": review,
  "POST /api/v1/payments/{payment_id}/release": release,
  "POST /internal/v1/payments/{payment_id}/release": release,
  "POST /api/v1/payments/{payment_id}/refunds": refund,
  "POST /internal/v1/payments/{payment_id}/refunds": refund,
  "POST /api/v1/payments/{payment_id}/refunds/{refund_id}": refundOutcome,
  "POST /internal/v1/payments/{payment_id}/refunds/{refund_id}": refundOutcome,
  "POST /api/v1/attention/answers": answers,
  "POST /internal/v1/attention/answers": answers,
  "GET /api/v1/payments/{payment_id}/deliveries": deliveries,
  "GET /internal/v1/payments/{payment_id}/deliveries": deliveries,
  "GET /api/v1/totals": totals,
  "GET /internal/v1/totals": totals,
  "GET /api/v1/overview": overview,
  "GET /internal/v1/overview": overview,
  "GET /api/v1/reconcile": comparison,
  "GET /internal/v1/reconcile": comparison,
  "POST /api/v1/payments/{payment_id}/notifications": notifications,
  "POST /internal/v1/payments/{payment_id}/notifications": notifications,
  "POST /api/v1/reconcile/now": reconcileNow,
  "POST /internal/v1/reconcile/now": reconcileNow,
  "POST /api/v1/pause": pause,
  "POST /internal/v1/pause": pause,
  "POST /api/v1/resume": resume,
  "POST /internal/v1/resume": resume,
  "GET /api/v1/payments/by-reference/{reference}": byReference,
  "GET /internal/v1/payments/by-reference/{reference}": byReference,
  "GET /api/v1/payments/return/{tx_ref}": {
    summary: "The page to which Chapa returns the payer's browser",
    path: z.object({ tx_ref: z.string().max(64) }),
    query: z.object({
      lang: z.string().optional().describe("Language of the page: en, am or om."),
      since: z.string().optional().describe("When the payer came to the page, in milliseconds since 1970."),
    }),
    answers: {
      200: { description: "Not confirmed yet: a page that refreshes itself.", type: "text/html", schema: z.string() },
      303: { description: "Paid, or the browser waits on another page.", headers: z.object({ location: z.string() }) },
      404: { description: "There is no such payment; a page says so.", type: "text/html", schema: z.string() },
    },
    problems: [422, 503],
  },
  "GET /api/v1/payments/{payment_id}/checkout": {
    summary: "The link to a payment's checkout, in messages to payers",
    path: PaymentPath,
    query: PageQuery,
    answers: {
      200: {
        description: "A page that shows the payment's state, with a button if a checkout can be opened.",
        type: "text/html",
        schema: z.string(),
      },
      303: { description: "A checkout is open there.", headers: z.object({ location: z.string() }) },
      404: { description: "There is no such payment; a page says so.", type: "text/html", schema: z.string() },
    },
    problems: [422, 503],
  },
  "GET /api/v1/payments/{payment_id}/receipt": {
    summary: "The receipt of a paid payment, behind a signed link that works for 30 days",
    path: PaymentPath,
    query: z.object({
      until: z.string().optional().describe("Until when the link works, in seconds since 1970."),
      key: z.string().optional().describe("The signature of the link."),
      lang: z.string().optional().describe("Language of the page: en, am or om."),
    }),
    answers: {
      200: { description: "The receipt, to be shown or printed.", type: "text/html", schema: z.string() },
      404: { description: "A page: the link is not ours.", type: "text/html", schema: z.string() },
      410: { description: "A page: the link's time is over.", type: "text/html", schema: z.string() },
    },
    problems: [422, 503],
  },
  "POST /api/v1/payments/{payment_id}/checkout": {
    summary: "The button of that page: opens a checkout",
    description: "At most five times an hour for one payment.",
    path: PaymentPath,
    query: PageQuery,
    answers: {
      200: { description: "A page: there is nothing to pay.", type: "text/html", schema: z.string() },
      303: { description: "A checkout is open there.", headers: z.object({ location: z.string() }) },
      404: { description: "There is no such payment; a page says so.", type: "text/html", schema: z.string() },
      ...Object.fromEntries(
        [400, 409, 429, 503].map((status) => [
          status,
          { description: "A page: no checkout can be opened now.", type: "text/html", schema: z.string() },
        ]),
      ),
    },
    problems: [422, 503],
  },
  "POST /token": token,
  "POST /api/v1/token": token,
  "GET /health": health,
  "GET /api/v1/health": health,
  "GET /metrics": metrics,
  "GET /api/v1/metrics": metrics,
  "GET /openapi.json": {
    summary: "This document",
    header: IfNoneMatch,
    answers: {
      200: { description: "OpenAPI 3.1.", schema: ApiDescription, headers: ETag },
      304: NOT_MODIFIED,
    },
    problems: [],
  },
  "GET /docs": { ...reference, summary: "This document as Swagger UI shows it, to read and to try" },
  "GET /redoc": { ...reference, summary: "This document as ReDoc shows it, to read" },
  "GET /docs/{file}": {
    ...referenceFile,
    summary: "A file of these pages, or the explanations of the error codes (`errors`)",
  },
  "GET /console": { ...reference, summary: "The console for operators, who log in with their own name" },
  "GET /console/{file}": { ...referenceFile, summary: "The console's script or style sheet" },
  "POST /api/v1/webhook/chapa": {
    summary: "Chapa's webhook",
    description:
      "Signed with `x-chapa-signature`, the HMAC-SHA256 of the raw body. It only causes a verification at Chapa.",
    header: z.object({
      "x-chapa-signature": z.string().optional(),
      "chapa-signature": z.string().optional().describe("The same for every webhook, so it proves nothing."),
    }),
    body: { types: ["application/json", "application/x-www-form-urlencoded"], schema: ChapaWebhook },
    answers: {
      200: { description: "Accepted.", schema: WebhookAnswer },
      303: {
        description: "A browser is redirected to the payment's page.",
        headers: z.object({ location: z.string() }),
      },
    },
    problems: [400, 401, 503],
  },
  "GET /api/v1/webhook/chapa": {
    summary: "Chapa's callback, or a browser that was redirected here",
    query: z.object({
      trx_ref: z.string().optional(),
      tx_ref: z.string().optional(),
      ref_id: z.string().optional(),
      status: z.string().optional(),
    }),
    answers: {
      200: { description: "Accepted, or nothing to do.", schema: WebhookAnswer },
      303: {
        description: "A browser is redirected to the payment's page.",
        headers: z.object({ location: z.string() }),
      },
    },
    problems: [400, 503],
  },
};
