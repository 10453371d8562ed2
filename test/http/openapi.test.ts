import { createConfig, lintFromString } from "@redocly/openapi-core";
import { expect, test } from "vitest";
import * as z from "zod";
import * as actions from "../../lib/contract/actions.ts";
import * as api from "../../lib/contract/api.ts";
import * as reports from "../../lib/contract/reports.ts";
import { ROUTES } from "../../lib/contract/routes.ts";
import { EXAMPLES } from "../../lib/http/examples.ts";
import { openApiDocument } from "../../lib/http/openapi.ts";

const document = openApiDocument();

const Body = z.looseObject({
  content: z.record(z.string(), z.object({ schema: z.looseObject({ $ref: z.string().optional() }) })).optional(),
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

test("every operation has one tag that the document explains", () => {
  const known = document.tags?.map(({ name }) => name) ?? [];
  for (const methods of Object.values(document.paths ?? {})) {
    for (const operation of Object.values(methods ?? {})) {
      const { tags } = z.looseObject({ tags: z.array(z.string()).length(1) }).parse(operation);
      expect(known).toContain(tags[0]);
    }
  }
});
