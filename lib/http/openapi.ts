import * as z from "zod";
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from "zod-openapi";
import { GatewayAnswer, Problem } from "../contract/api.ts";
import { OPERATIONS, type Operation } from "../contract/operations.ts";
import { ROUTES, type Route } from "../contract/routes.ts";
import { VERSION } from "../contract/version.ts";
import { EXAMPLES } from "./examples.ts";
import { metricsText } from "./metrics-text.ts";
import { problemExample } from "./problem-examples.ts";

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
  for (const [name, schema] of Object.entries(document.components?.schemas ?? {})) {
    if (!(name in EXAMPLES_BY_ID)) throw new Error(`the schema ${name} has no example`);
    Object.assign(schema, { examples: [EXAMPLES_BY_ID[name]] });
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
    tags: TAGS.map(({ name, description }) => ({ name, description })),
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

/** The tags, in the document's order. The first whose pattern finds something in a route's path is the route's tag. */
export const TAGS: readonly { name: string; description: string; paths: RegExp }[] = [
  {
    name: "payments",
    description: "Request, read, list and cancel payments.",
    paths: /\/v1\/payments(\/initiate|\/by-request\/\{request_id\}|\/\{payment_id\}(\/status|\/cancel)?)?$/,
  },
  { name: "payers", description: "Pages and links for the payer's browser.", paths: /\/(return|checkout|receipt)\b/ },
  { name: "gateway", description: "What Chapa calls.", paths: /\/webhook\// },
  {
    name: "service",
    description: "Login, health, counters and this description.",
    paths: /^(\/api\/v1)?\/(token|health|metrics|openapi\.json|docs|redoc|console)\b/,
  },
  {
    name: "operators",
    description: "Find, verify, decide, send back and release. For administrators and programs.",
    paths: /^\/(api|internal)\/v1\//,
  },
];

/** @throws Error for a path that no tag has */
function tagOf(path: string): string {
  const tag = TAGS.find(({ paths }) => paths.test(path));
  if (!tag) throw new Error(`${path} has no tag`);
  return tag.name;
}

type Content = Record<string, { schema: z.ZodType; example: unknown }>;

/** Returns a body in each of its types. One with a name has the example of its schema, another one a text. */
function contentOf(types: readonly string[], schema: z.ZodType): Content {
  const { id } = schema.meta() ?? {};
  const exampleOf = (type: string) => (id === undefined ? TEXTS[type] : EXAMPLES_BY_ID[id]);
  return Object.fromEntries(types.map((type) => [type, { schema, example: exampleOf(type) }]));
}

const EXAMPLES_BY_ID: Readonly<Record<string, unknown>> = EXAMPLES;
const TEXTS: Readonly<Record<string, string>> = {
  "text/html": "<!doctype html><title>Your payment</title>",
  "text/javascript": "export {};",
  "text/css": "body{margin:0}",
  "text/plain": metricsText(EXAMPLES.Metrics, "prometheus"),
  "application/openmetrics-text": metricsText(EXAMPLES.Metrics, "openmetrics"),
};

/** Whether API Gateway may answer with this status itself. */
function isGateways(status: number, { kind }: Route["access"]): boolean {
  return status === 500 || status === 503 || (status === 403 && kind === "iam");
}

function gatewayContent(status: number): Content {
  const message = status === 403 ? "Forbidden" : status === 500 ? "Internal Server Error" : "Service Unavailable";
  return { "application/json": { schema: GatewayAnswer, example: { message } } };
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
              content: { ...contentOf([type], schema), ...contentOf(text, z.string()) },
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
            "application/problem+json": { schema: Problem, example: problemExample(path, code) },
            ...(isGateways(code, access) ? gatewayContent(code) : {}),
          },
          headers: RetryAfter,
        },
      ]),
  ]);
  return {
    operationId: `${method.toLowerCase()}${path.replace(/[/{}_-]+(\w?)/g, (_, character: string) => character.toUpperCase())}`,
    tags: [tagOf(path)],
    summary,
    ...(description ? { description } : {}),
    security: SECURITY[access.kind],
    requestParams: {
      ...(operation.path ? { path: operation.path } : {}),
      ...(operation.query ? { query: operation.query } : {}),
      ...(operation.header ? { header: operation.header } : {}),
    },
    ...(body ? { requestBody: { required: true, content: contentOf(body.types, body.schema) } } : {}),
    responses,
  };
}
