import * as z from "zod";
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from "zod-openapi";
import { GatewayAnswer, Problem } from "../contract/api.ts";
import { OPERATIONS, type Operation } from "../contract/operations.ts";
import { ROUTES, type Route } from "../contract/routes.ts";
import { VERSION } from "../contract/version.ts";
import { EXAMPLES } from "./examples.ts";

const PROBLEMS: Record<number, string> = {
  400: "Chapa refuses the payment's data, or the call names no payment.",
  401: "No valid credentials.",
  403: "The credentials are valid, but not for this.",
  404: "There is no such payment, or the user is unknown.",
  409: "The payment's state does not allow this; the code says why.",
  413: "The body is too large.",
  422: "The input is not valid; `errors` names each field.",
  429: "Too many requests; see Retry-After.",
  500: "A defect of this service.",
  503: "Something that this service needs does not answer. The same request may be sent again; see Retry-After.",
};

const RetryAfter = z.object({ "retry-after": z.string().regex(/^\d+$/).optional().describe("Seconds.") });

/**
 * Returns the OpenAPI 3.1 document, built from the routes and from the schemas that parse answers.
 * @throws Error for a route without a description
 */
export function openApiDocument(): ReturnType<typeof createDocument> {
  return withExamples(describedRoutes());
}

/** Each schema with a name has an example, which a test parses. */
function withExamples(document: ReturnType<typeof createDocument>): ReturnType<typeof createDocument> {
  const examples: Record<string, unknown> = EXAMPLES;
  for (const [name, schema] of Object.entries(document.components?.schemas ?? {})) {
    if (!(name in examples)) throw new Error(`the schema ${name} has no example`);
    Object.assign(schema, { examples: [examples[name]] });
  }
  return document;
}

function describedRoutes(): ReturnType<typeof createDocument> {
  const paths: ZodOpenApiPathsObject = {};
  const operations: Record<string, Operation> = OPERATIONS;
  for (const route of ROUTES) {
    const operation = operations[`${route.method} ${route.path}`];
    if (!operation) throw new Error(`${route.method} ${route.path} has no description`);
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: toOperation(route, operation) };
  }
  return createDocument({
    openapi: "3.1.0",
    info: {
      title: "Chapa payments",
      version: VERSION,
      description: "Opens one Chapa checkout for one fee, verifies whether it was paid, and delivers the result.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT", description: "A user's token." },
        apiKey: { type: "apiKey", in: "header", name: "x-api-key", description: "A program's key." },
        iam: { type: "http", scheme: "AWS4-HMAC-SHA256", description: "AWS Signature Version 4." },
      },
    },
  });
}

const TAGS = {
  payments: "Request, read and list payments.",
  operators: "Find, verify, decide and release. For administrators and programs.",
  payers: "Pages and links for the payer's browser.",
  gateway: "What Chapa calls.",
  service: "Login, health, counters and this description.",
};

function tagOf({ path, access, function: name }: Route): keyof typeof TAGS {
  if (name === "chapa-webhook") return "gateway";
  if (name === "payment-return" || name === "payment-checkout" || name === "payment-receipt") return "payers";
  if (access.kind === "public") return "service";
  return /\/(review|release|refunds|verify|attention|by-reference|deliveries|totals|overview|reconcile)\b/.test(path)
    ? "operators"
    : "payments";
}

function contentOf({ types, schema }: NonNullable<Operation["body"]>): Record<string, { schema: z.ZodType }> {
  return Object.fromEntries(types.map((type) => [type, { schema }]));
}

/** Whether API Gateway may answer with this status itself. */
function isGateways(status: number, { kind }: Route["access"]): boolean {
  return status === 500 || status === 503 || (status === 403 && kind === "iam");
}

const SECURITY: Record<Route["access"]["kind"], Record<string, string[]>[]> = {
  public: [],
  bearer: [{ bearer: [] }],
  "bearer-or-key": [{ apiKey: [] }, { bearer: [] }],
  iam: [{ iam: [] }],
};

function toOperation(route: Route, operation: Operation): ZodOpenApiOperationObject {
  const { method, path, access } = route;
  const { summary, description, body, answers } = operation;
  const problems = new Set([...operation.problems, ...(access.kind === "public" ? [] : [401, 403]), 413, 500, 503]);
  const responses = Object.fromEntries([
    ...Object.entries(answers).map(([code, { description, type = "application/json", schema, headers, text = [] }]) => [
      code,
      {
        description,
        ...(schema
          ? {
              content: {
                [type]: { schema },
                ...Object.fromEntries(text.map((also) => [also, { schema: z.string() }])),
              },
            }
          : {}),
        ...(headers ? { headers } : {}),
      },
    ]),
    ...[...problems]
      .filter((code) => !(code in answers))
      .map((code) => [
        code,
        {
          description: PROBLEMS[code] ?? "",
          content: {
            "application/problem+json": { schema: Problem },
            ...(isGateways(code, access) ? { "application/json": { schema: GatewayAnswer } } : {}),
          },
          headers: RetryAfter,
        },
      ]),
  ]);
  return {
    operationId: `${method.toLowerCase()}${path.replace(/[/{}_-]+(\w?)/g, (_, character: string) => character.toUpperCase())}`,
    tags: [tagOf(route)],
    summary,
    ...(description ? { description } : {}),
    security: SECURITY[access.kind],
    requestParams: {
      ...(operation.path ? { path: operation.path } : {}),
      ...(operation.query ? { query: operation.query } : {}),
      ...(operation.header ? { header: operation.header } : {}),
    },
    ...(body ? { requestBody: { required: true, content: contentOf(body) } } : {}),
    responses,
  };
}
