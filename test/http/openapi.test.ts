import { createConfig, lintFromString } from "@redocly/openapi-core";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import * as z from "zod";
import * as actions from "../../lib/contract/actions.ts";
import * as api from "../../lib/contract/api.ts";
import * as reports from "../../lib/contract/reports.ts";
import { ROUTES } from "../../lib/contract/routes.ts";
import { EXAMPLES } from "../../lib/http/examples.ts";
import { openApiDocument, TAGS } from "../../lib/http/openapi.ts";
import { problemExample } from "../../lib/http/problem-examples.ts";

const document = openApiDocument();
const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(JSON.parse(JSON.stringify(document)), "openapi");

/** Generated clients have a method of this name for each route, so no name ever changes. */
const OPERATION_IDS = {
  "POST /api/v1/payments/initiate": "postApiV1PaymentsInitiate",
  "GET /api/v1/payments/{payment_id}/status": "getApiV1PaymentsPaymentIdStatus",
  "GET /api/v1/payments": "getApiV1Payments",
  "GET /api/v1/payments/{payment_id}": "getApiV1PaymentsPaymentId",
  "GET /api/v1/payments/by-request/{request_id}": "getApiV1PaymentsByRequestRequestId",
  "GET /api/v1/payments/by-reference/{reference}": "getApiV1PaymentsByReferenceReference",
  "POST /api/v1/payments/{payment_id}/verify": "postApiV1PaymentsPaymentIdVerify",
  "POST /api/v1/resume": "postApiV1Resume",
  "POST /api/v1/payments/{payment_id}/cancel": "postApiV1PaymentsPaymentIdCancel",
  "POST /api/v1/payments/{payment_id}/attention/{entry}": "postApiV1PaymentsPaymentIdAttentionEntry",
  "POST /api/v1/payments/{payment_id}/review": "postApiV1PaymentsPaymentIdReview",
  "POST /api/v1/payments/{payment_id}/release": "postApiV1PaymentsPaymentIdRelease",
  "POST /api/v1/payments/{payment_id}/refunds": "postApiV1PaymentsPaymentIdRefunds",
  "POST /api/v1/payments/{payment_id}/refunds/{refund_id}": "postApiV1PaymentsPaymentIdRefundsRefundId",
  "POST /api/v1/attention/answers": "postApiV1AttentionAnswers",
  "POST /api/v1/reconcile/now": "postApiV1ReconcileNow",
  "POST /api/v1/pause": "postApiV1Pause",
  "GET /api/v1/payments/{payment_id}/deliveries": "getApiV1PaymentsPaymentIdDeliveries",
  "GET /api/v1/totals": "getApiV1Totals",
  "GET /api/v1/overview": "getApiV1Overview",
  "GET /api/v1/reconcile": "getApiV1Reconcile",
  "GET /api/v1/payments/return/{tx_ref}": "getApiV1PaymentsReturnTxRef",
  "GET /api/v1/payments/{payment_id}/checkout": "getApiV1PaymentsPaymentIdCheckout",
  "POST /api/v1/payments/{payment_id}/checkout": "postApiV1PaymentsPaymentIdCheckout",
  "POST /api/v1/payments/{payment_id}/notifications": "postApiV1PaymentsPaymentIdNotifications",
  "GET /api/v1/payments/{payment_id}/receipt": "getApiV1PaymentsPaymentIdReceipt",
  "POST /api/v1/webhook/chapa": "postApiV1WebhookChapa",
  "GET /api/v1/webhook/chapa": "getApiV1WebhookChapa",
  "POST /token": "postToken",
  "POST /api/v1/token": "postApiV1Token",
  "GET /health": "getHealth",
  "GET /api/v1/health": "getApiV1Health",
  "GET /metrics": "getMetrics",
  "GET /api/v1/metrics": "getApiV1Metrics",
  "GET /openapi.json": "getOpenapi.json",
  "GET /docs": "getDocs",
  "GET /console": "getConsole",
  "GET /console/{file}": "getConsoleFile",
  "GET /redoc": "getRedoc",
  "GET /docs/{file}": "getDocsFile",
  "POST /internal/v1/payments/initiate": "postInternalV1PaymentsInitiate",
  "GET /internal/v1/payments/{payment_id}/status": "getInternalV1PaymentsPaymentIdStatus",
  "GET /internal/v1/payments": "getInternalV1Payments",
  "GET /internal/v1/payments/{payment_id}": "getInternalV1PaymentsPaymentId",
  "GET /internal/v1/payments/by-request/{request_id}": "getInternalV1PaymentsByRequestRequestId",
  "POST /internal/v1/payments/{payment_id}/verify": "postInternalV1PaymentsPaymentIdVerify",
  "POST /internal/v1/resume": "postInternalV1Resume",
  "POST /internal/v1/payments/{payment_id}/cancel": "postInternalV1PaymentsPaymentIdCancel",
  "POST /internal/v1/payments/{payment_id}/notifications": "postInternalV1PaymentsPaymentIdNotifications",
  "POST /internal/v1/payments/{payment_id}/attention/{entry}": "postInternalV1PaymentsPaymentIdAttentionEntry",
  "POST /internal/v1/payments/{payment_id}/review": "postInternalV1PaymentsPaymentIdReview",
  "POST /internal/v1/payments/{payment_id}/release": "postInternalV1PaymentsPaymentIdRelease",
  "POST /internal/v1/payments/{payment_id}/refunds": "postInternalV1PaymentsPaymentIdRefunds",
  "POST /internal/v1/payments/{payment_id}/refunds/{refund_id}": "postInternalV1PaymentsPaymentIdRefundsRefundId",
  "POST /internal/v1/attention/answers": "postInternalV1AttentionAnswers",
  "POST /internal/v1/reconcile/now": "postInternalV1ReconcileNow",
  "POST /internal/v1/pause": "postInternalV1Pause",
  "GET /internal/v1/payments/{payment_id}/deliveries": "getInternalV1PaymentsPaymentIdDeliveries",
  "GET /internal/v1/totals": "getInternalV1Totals",
  "GET /internal/v1/overview": "getInternalV1Overview",
  "GET /internal/v1/reconcile": "getInternalV1Reconcile",
  "GET /internal/v1/payments/by-reference/{reference}": "getInternalV1PaymentsByReferenceReference",
};

const Body = z.looseObject({
  content: z
    .record(
      z.string(),
      z.object({ schema: z.looseObject({ $ref: z.string().optional() }), example: z.unknown().optional() }),
    )
    .optional(),
});
const Bodies = z.looseObject({ requestBody: Body.optional(), responses: z.record(z.string(), Body) });

test("the API's description is a valid OpenAPI document by the linter's recommended rules", async () => {
  const config = await createConfig({
    extends: ["recommended"],
    rules: {
      // The addresses are the predecessor's; API Gateway and docs/adr/0015 say which of two wins.
      "no-ambiguous-paths": "off",
      // Health, metrics and this document take nothing that a caller could get wrong.
      "operation-4xx-response": "off",
    },
  });
  const problems = await lintFromString({ source: JSON.stringify(document), config });
  expect(problems.map(({ ruleId, message }) => `${ruleId}: ${message}`)).toEqual([]);
});

test("the API's description has every route and no other, each with a name of its own and a summary", () => {
  const described = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.keys(methods ?? {}).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(described.toSorted()).toEqual(ROUTES.map(({ method, path }) => `${method} ${path}`).toSorted());
  const operations = Object.values(document.paths ?? {}).flatMap((methods) => [methods?.get, methods?.post]);
  const ids = operations.flatMap((operation) => operation?.operationId ?? []);
  expect(new Set(ids).size).toBe(ROUTES.length);
  expect(operations.filter((operation) => operation && !operation.summary)).toEqual([]);
});

test("each route has the operation id that clients were generated with", () => {
  const ids = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods ?? {}).map(([method, operation]) => [
      `${method.toUpperCase()} ${path}`,
      z.looseObject({ operationId: z.string() }).parse(operation).operationId,
    ]),
  );
  expect(Object.fromEntries(ids)).toEqual(OPERATION_IDS);
});

/** Every body that the document describes, with the place where it stands. */
function bodies(): { place: string; schema: { $ref?: string | undefined }; example: unknown }[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods ?? {}).flatMap(([method, operation]) => {
      const { requestBody, responses } = Bodies.parse(operation);
      return Object.entries({ ...responses, ...(requestBody ? { request: requestBody } : {}) }).flatMap(
        ([status, body]) =>
          Object.entries(body.content ?? {}).map(([type, { schema, example }]) => ({
            place: `${method} ${path} ${status} ${type}`,
            schema,
            example,
          })),
      );
    }),
  );
}

test("every request and every answer of every status has an example, which fits its schema", () => {
  const all = bodies();
  expect(all.length).toBeGreaterThan(8 * ROUTES.length);
  const wrong = all.flatMap(({ place, schema, example }) => {
    if (example === undefined) return [`${place}: no example`];
    const validate = schema.$ref ? ajv.getSchema(`openapi${schema.$ref}`) : ajv.compile(schema);
    if (!validate) return [`${place}: no schema`];
    return validate(example) ? [] : [`${place}: ${ajv.errorsText(validate.errors)}`];
  });
  expect(wrong).toEqual([]);
});

test("the example of an error has the status of its answer, and a code whose explanation its type leads to", () => {
  const problems = bodies().filter(({ schema }) => schema.$ref === "#/components/schemas/Problem");
  expect(problems.length).toBeGreaterThan(4 * ROUTES.length);
  for (const { place, example } of problems) {
    const { status, code, type } = api.Problem.parse(example);
    expect(place).toContain(` ${status} `);
    expect(type).toBe(`/docs/errors#${code}`);
  }
});

test("a path that belongs to no tag or has no example of an error is reported", () => {
  expect(() => problemExample("/api/v1/payments", 418)).toThrow("no example of 418");
  expect(TAGS.find(({ paths }) => paths.test("/elsewhere"))).toBeUndefined();
});

test("every JSON or form body of the API's description has a schema with a name", () => {
  const anonymous = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods ?? {}).flatMap(([method, operation]) => {
      const { requestBody, responses } = Bodies.parse(operation);
      const contents = [requestBody, ...Object.values(responses)].flatMap((body) =>
        Object.entries(body?.content ?? {}),
      );
      return contents
        .filter(([type, { schema }]) => /json|form/.test(type) && schema.$ref === undefined)
        .map(([type]) => `${method} ${path} ${type}`);
    }),
  );
  expect(anonymous).toEqual([]);
});

test("every schema with a name has an example that the same schema takes", () => {
  const named = Object.values({ ...actions, ...api, ...reports }).filter(
    (schema) => schema instanceof z.ZodType && schema.meta()?.id !== undefined,
  );
  const ids = named.map((schema) => String(schema.meta()?.id));
  expect(Object.keys(document.components?.schemas ?? {}).toSorted()).toEqual(ids.toSorted());
  expect(Object.keys(EXAMPLES).toSorted()).toEqual(ids.toSorted());
  for (const schema of named) {
    const id = String(schema.meta()?.id);
    const parsed = schema.safeParse(EXAMPLES[id as keyof typeof EXAMPLES]);
    expect([id, parsed.error?.issues ?? []]).toEqual([id, []]);
    const described = z.looseObject({ examples: z.array(z.unknown()) }).parse(document.components?.schemas?.[id]);
    expect(described.examples).toEqual([EXAMPLES[id as keyof typeof EXAMPLES]]);
  }
});

test.each([
  ["/api/v1/payments/initiate", "payments"],
  ["/internal/v1/payments/{payment_id}/status", "payments"],
  ["/api/v1/payments/{payment_id}", "payments"],
  ["/api/v1/payments/{payment_id}/checkout", "payers"],
  ["/api/v1/payments/return/{tx_ref}", "payers"],
  ["/api/v1/webhook/chapa", "gateway"],
  ["/token", "service"],
  ["/docs/{file}", "service"],
  ["/api/v1/health", "service"],
  ["/internal/v1/payments/{payment_id}/refunds/{refund_id}", "operators"],
  ["/api/v1/payments/by-reference/{reference}", "operators"],
  ["/api/v1/totals", "operators"],
])("the tag of a path is decided by its pattern alone: %s belongs to %s", (path, tag) => {
  expect(TAGS.find(({ paths }) => paths.test(path))?.name).toBe(tag);
});

test("every operation has one tag that the document explains", () => {
  const known = document.tags?.map(({ name }) => name) ?? [];
  for (const methods of Object.values(document.paths ?? {})) {
    for (const operation of Object.values(methods ?? {})) {
      const { tags } = z.looseObject({ tags: z.array(z.string()).length(1) }).parse(operation);
      expect(known).toContain(tags[0]);
    }
  }
});
