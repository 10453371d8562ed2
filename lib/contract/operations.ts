import * as z from "zod";
import {
  HealthResponse,
  InitiateRequest,
  ListQuery,
  LoginRequest,
  MetricsResponse,
  PaymentDetail,
  PaymentList,
  PaymentResponse,
  TokenResponse,
  UnhealthyResponse,
  UuidText,
  WebhookAnswer,
} from "./api.ts";
import type { ROUTES } from "./routes.ts";

type KeyOf<Listed> = Listed extends { method: infer Method extends string; path: infer Path extends string }
  ? `${Method} ${Path}`
  : never;
type RouteKey = KeyOf<(typeof ROUTES)[number]>;

/** What a route does. Who may call it, and how it refuses, follow from the route itself. */
export type Operation = {
  summary: string;
  description?: string;
  path?: z.ZodObject;
  query?: z.ZodObject;
  header?: z.ZodObject;
  body?: { type: string; schema: z.ZodType };
  /** Good answers; a schema is JSON unless `type` says otherwise. */
  answers: Record<
    number,
    {
      description: string;
      type?: string;
      schema?: z.ZodType;
      headers?: z.ZodObject;
      /** Types of plain text that it also comes as. */
      text?: readonly string[];
    }
  >;
  /** Statuses of problems, beside those that follow from the route's access. */
  problems: readonly number[];
};

const PaymentPath = z.object({ payment_id: UuidText.describe("The payment's id, as initiate answered it.") });
const initiate: Operation = {
  summary: "Ask for a payment and the checkout to pay it at",
  description:
    "One user, property and purpose is one payment: however often and from wherever it is asked for, the answer is the " +
    "same payment and, while its checkout can be paid, the same URL.",
  header: z.object({
    "idempotency-key": z
      .string()
      .regex(/^[\x21-\x7e]{1,255}$/)
      .optional()
      .describe("Means the same as request_id."),
  }),
  body: { type: "application/json", schema: InitiateRequest },
  answers: {
    202: {
      description: "The payment; `checkout_url` is where it can be paid, or where it says how it stands.",
      schema: PaymentResponse,
      headers: z.object({ "idempotent-replayed": z.literal("true").optional() }),
    },
  },
  problems: [400, 404, 409, 422, 429, 503],
};

const ETag = z.object({ etag: z.string() });
const IfNoneMatch = z.object({ "if-none-match": z.string().optional() });

const status: Operation = {
  summary: "How a payment stands",
  path: PaymentPath,
  description: "A reading of an old state makes this service ask Chapa; it does not wait for the answer.",
  header: IfNoneMatch,
  answers: {
    200: { description: "The payment; its reference is masked.", schema: PaymentResponse, headers: ETag },
    304: { description: "As it was when that ETag was given.", headers: ETag },
  },
  problems: [404, 422, 503],
};

const list: Operation = {
  summary: "Payments, latest first",
  description:
    "Owners see their own; administrators and programs one user's, or everybody's: of the last 31 days unless `from` says otherwise.",
  query: ListQuery,
  answers: {
    200: {
      description: "A page; `Link` names the next one.",
      schema: PaymentList,
      headers: z.object({ link: z.string().optional() }),
    },
  },
  problems: [422, 503],
};

const token: Operation = {
  summary: "Log in at User Management",
  body: { type: "application/x-www-form-urlencoded", schema: LoginRequest },
  answers: { 200: { description: "User Management's tokens.", schema: TokenResponse } },
  problems: [401, 413, 422, 429, 503],
};

const health: Operation = {
  summary: "How this service and what it stands on are",
  answers: {
    200: { description: "Well.", schema: HealthResponse },
    503: { description: "Not well; `detail` says what.", type: "application/problem+json", schema: UnhealthyResponse },
  },
  problems: [],
};

const metrics: Operation = {
  summary: "Counts since the service began",
  description: "JSON, or Prometheus' text where `Accept` asks for text/plain or application/openmetrics-text.",
  header: z.object({ accept: z.string().optional() }),
  answers: {
    200: { description: "The counts.", schema: MetricsResponse, text: ["text/plain", "application/openmetrics-text"] },
  },
  problems: [503],
};

// A route without a description does not compile.
export const OPERATIONS: Record<RouteKey, Operation> = {
  "POST /api/v1/payments/initiate": initiate,
  "POST /internal/v1/payments/initiate": initiate,
  "GET /api/v1/payments/{payment_id}/status": status,
  "GET /internal/v1/payments/{payment_id}/status": status,
  "GET /api/v1/payments": list,
  "GET /internal/v1/payments": list,
  "GET /api/v1/payments/{payment_id}": {
    summary: "A payment with its whole life",
    path: PaymentPath,
    header: IfNoneMatch,
    answers: {
      200: { description: "The payment, its checkouts, captures and history.", schema: PaymentDetail, headers: ETag },
      304: { description: "As it was when that ETag was given.", headers: ETag },
    },
    problems: [404, 422, 503],
  },
  "GET /api/v1/payments/by-request/{request_id}": {
    summary: "The payment that a request stands for",
    path: z.object({
      request_id: z
        .string()
        .regex(/^[\x21-\x7e]{1,255}$/)
        .describe("As it was sent to initiate."),
    }),
    query: z.object({ user_id: UuidText.optional().describe("Whose request; administrators and programs must say.") }),
    answers: { 200: { description: "The payment, with its checkout for who may pay it.", schema: PaymentResponse } },
    problems: [404, 422, 503],
  },
  "POST /api/v1/payments/{payment_id}/verify": {
    summary: "Ask Chapa now",
    description: "At most once in five seconds for one payment; in between the stored state is the answer.",
    path: PaymentPath,
    answers: { 200: { description: "The payment after the look.", schema: PaymentDetail } },
    problems: [404, 422, 429, 503],
  },
  "POST /api/v1/payments/{payment_id}/cancel": {
    summary: "Give a payment up",
    description: "Only when Chapa confirms that its checkout was not paid and takes no money any more.",
    path: PaymentPath,
    answers: { 200: { description: "The payment, cancelled or given up before.", schema: PaymentResponse } },
    problems: [404, 409, 422, 429, 503],
  },
  "GET /api/v1/payments/return/{tx_ref}": {
    summary: "Where the payer's browser comes back to from Chapa",
    path: z.object({ tx_ref: z.string().max(64) }),
    query: z.object({
      lang: z.string().optional().describe("Language of the page: en, am or om."),
      n: z.string().optional().describe("How often the page has refreshed itself."),
    }),
    answers: {
      200: { description: "Not confirmed yet: a page that refreshes itself.", type: "text/html", schema: z.string() },
      303: { description: "Paid, or to be awaited elsewhere.", headers: z.object({ location: z.string() }) },
      404: { description: "A page that says so: no such payment.", type: "text/html", schema: z.string() },
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
    answers: { 200: { description: "OpenAPI 3.1.", schema: z.looseObject({ openapi: z.string() }) } },
    problems: [],
  },
  "POST /api/v1/webhook/chapa": {
    summary: "Chapa says that something happened to a payment",
    description: "Signed with `x-chapa-signature`, HMAC-SHA256 over the raw body. It only causes a look at Chapa.",
    header: z.object({
      "x-chapa-signature": z.string().optional(),
      "chapa-signature": z.string().optional().describe("The same for every webhook: proves nothing."),
    }),
    body: { type: "application/json", schema: z.unknown() },
    answers: {
      200: { description: "Heard.", schema: WebhookAnswer },
      303: { description: "A browser is sent to the payment's page.", headers: z.object({ location: z.string() }) },
    },
    problems: [400, 401, 413, 503],
  },
  "GET /api/v1/webhook/chapa": {
    summary: "Chapa's callback, or a browser that was sent here",
    query: z.object({
      trx_ref: z.string().optional(),
      tx_ref: z.string().optional(),
      ref_id: z.string().optional(),
      status: z.string().optional(),
    }),
    answers: {
      200: { description: "Heard, or nothing to do.", schema: WebhookAnswer },
      303: { description: "A browser is sent to the payment's page.", headers: z.object({ location: z.string() }) },
    },
    problems: [400, 503],
  },
};
