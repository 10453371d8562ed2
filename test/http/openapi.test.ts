import { createConfig, lintFromString } from "@redocly/openapi-core";
import { expect, test } from "vitest";
import { ROUTES } from "../../lib/contract/routes.ts";
import { openApiDocument } from "../../lib/http/openapi.ts";

const document = openApiDocument();

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
