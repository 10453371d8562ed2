import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { apiDocs } from "../../.ci/api-docs/markdown.ts";
import { openApiDocument } from "../../lib/http/openapi.ts";

const written = readFileSync(new URL("../../docs/api.md", import.meta.url), "utf8");
const document = openApiDocument();

test("docs/api.md is what `npm run api:docs` makes of the OpenAPI document", () => {
  expect(apiDocs(document)).toBe(written);
});

test("docs/api.md names each operation with its address and id, and each body with its example", () => {
  for (const [path, methods] of Object.entries(document.paths ?? {})) {
    for (const method of Object.keys(methods ?? {}))
      expect(written).toContain(`| \`${method.toUpperCase()} ${path}\` |`);
  }
  const [, bodies = ""] = written.split("\n## Bodies\n");
  for (const name of Object.keys(document.components?.schemas ?? {})) {
    expect(bodies).toMatch(new RegExp(`^### ${name}\\n(?:(?!^### ).*\\n)*?<details><summary>Example`, "m"));
  }
});

test("an operation's parameters, bodies and errors come from its description alone", () => {
  const id = { name: "id", in: "path", required: true, description: "Its id.", schema: { type: "string" } };
  const Thing = {
    type: "object",
    required: ["size"],
    properties: {
      size: { type: "integer", description: "In m | ft." },
      tags: { type: "array", items: { enum: ["a"] } },
    },
    examples: [{ size: 1 }],
  };
  const content = { "application/json": { schema: { $ref: "#/components/schemas/Thing" }, example: { size: 1 } } };
  const problem = { schema: {}, example: { code: "payment_not_found", detail: "No such thing" } };
  const put = {
    operationId: "putThing",
    tags: ["things"],
    summary: "Replace a thing",
    security: [{ bearer: [] }],
    parameters: [id],
    requestBody: { content },
    responses: {
      200: { description: "The thing.", content },
      404: { description: "None.", content: { "application/problem+json": problem } },
    },
  };
  const docs = apiDocs({
    info: { description: "Keeps things." },
    tags: [{ name: "things", description: "All of them." }],
    paths: { "/things/{id}": { put } },
    components: { schemas: { Thing } },
  });
  expect(docs).toContain("## things\n\nAll of them.\n\n### PUT /things/{id}\n\nReplace a thing.\n");
  expect(docs).toContain("| `PUT /things/{id}` | bearer | `putThing` |");
  expect(docs).toContain("| `id` | path | string | yes | Its id. |");
  expect(docs).toContain("**Body:** [Thing](#thing) (application/json)");
  expect(docs).toContain("| 200 | The thing. | [Thing](#thing) (application/json) |");
  expect(docs).toContain(
    '| 404 | None. For example [`payment_not_found`](errors.md#payment_not_found): "No such thing" | application/problem+json |',
  );
  expect(docs).toContain(
    "### Thing\n\n| field | type | required | meaning |\n|---|---|---|---|\n| `size` | integer | yes | In m \\| ft. |",
  );
  expect(docs).toContain("| `tags` | array of `a` | no |  |");
  expect(docs).toContain('```json\n{\n  "size": 1\n}\n```');
});
