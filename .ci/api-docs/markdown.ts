import * as z from "zod";

const Schema = z.looseObject({
  $ref: z.string().optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  description: z.string().optional(),
  examples: z.array(z.unknown()).default([]),
  required: z.array(z.string()).default([]),
  get properties() {
    return z.record(z.string(), Schema).optional();
  },
  get items() {
    return Schema.optional();
  },
  get anyOf() {
    return z.array(Schema).optional();
  },
});
type Schema = z.infer<typeof Schema>;

const Content = z.record(z.string(), z.object({ schema: Schema, example: z.unknown() }));
const Operation = z.object({
  operationId: z.string(),
  tags: z.array(z.string()),
  summary: z.string(),
  description: z.string().optional(),
  security: z.array(z.record(z.string(), z.unknown())),
  parameters: z
    .array(
      z.object({
        name: z.string(),
        in: z.string(),
        required: z.boolean().default(false),
        description: z.string().optional(),
        schema: Schema,
      }),
    )
    .default([]),
  requestBody: z.object({ content: Content }).optional(),
  responses: z.record(z.string(), z.object({ description: z.string(), content: Content.default({}) })),
});
type Operation = z.infer<typeof Operation>;
type Route = { method: string; path: string; operation: Operation };

const Document = z.object({
  info: z.object({ description: z.string() }),
  tags: z.array(z.object({ name: z.string(), description: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.object({ schemas: z.record(z.string(), Schema) }),
});

/** Returns docs/api.md: each operation of an OpenAPI document with its parameters, bodies, examples and errors. */
export function apiDocs(openApi: unknown): string {
  const document = Document.parse(openApi);
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
  const parts = document.tags.flatMap(({ name, description }) => [
    `## ${name}`,
    description,
    ...together(routes.filter(({ operation }) => operation.tags.includes(name))).flatMap(operationOf),
  ]);
  const bodies = Object.entries(document.components.schemas).flatMap(([name, schema]) => bodyOf(name, schema));
  return `${["# API", INTRODUCTION, document.info.description, ...parts, "## Bodies", BODIES, ...bodies].join("\n\n")}\n`;
}

const INTRODUCTION =
  "Generated from the OpenAPI document by `npm run api:docs`; do not edit. [api-overview.md](api-overview.md) says who " +
  "may call what, and [errors.md](errors.md) explains each error code.";
const BODIES = "The fields of each named body. `a.b` is the field `b` inside `a`, and `a[].b` that of each element.";

/** Routes that differ only in their address or credentials are described once. */
function together(routes: readonly Route[]): Route[][] {
  const groups = new Map<string, Route[]>();
  for (const route of routes) {
    const { operationId: _, security: __, responses, ...same } = route.operation;
    const successes = Object.entries(responses).filter(([status]) => status < "400");
    const key = JSON.stringify([route.method, same, successes]);
    groups.set(key, [...(groups.get(key) ?? []), route]);
  }
  return [...groups.values()];
}

function operationOf(routes: readonly Route[]): string[] {
  const [first] = routes;
  if (!first) return [];
  const { summary, description, parameters, requestBody, responses } = first.operation;
  const callers = routes.map(
    ({ method, path, operation }) =>
      `| \`${method} ${path}\` | ${credentialsOf(operation)} | \`${operation.operationId}\` |`,
  );
  const named = parameters.map(
    ({ name, in: place, required, description = "", schema }) =>
      `| \`${name}\` | ${place} | ${typeOf(schema)} | ${required ? "yes" : "no"} | ${cell(description)} |`,
  );
  return [
    `### ${first.method} ${first.path}`,
    description === undefined ? `${summary}.` : `${summary}. ${description}`,
    ["| route | credentials | operation id |", "|---|---|---|", ...callers].join("\n"),
    ...(named.length > 0
      ? [["| parameter | in | type | required | meaning |", "|---|---|---|---|---|", ...named].join("\n")]
      : []),
    ...(requestBody ? [`**Body:** ${contentOf(requestBody.content)}`] : []),
    ["| answer | meaning | body |", "|---|---|---|", ...Object.entries(responses).map(answerOf)].join("\n"),
  ];
}

function credentialsOf({ security }: Operation): string {
  return security.length === 0 ? "none" : security.flatMap((one) => Object.keys(one)).join(" or ");
}

const ProblemExample = z.object({ code: z.string(), detail: z.string() });

function answerOf([status, { description, content }]: [string, Operation["responses"][string]]): string {
  const { data } = ProblemExample.safeParse(content["application/problem+json"]?.example);
  const example = data ? ` For example [\`${data.code}\`](errors.md#${data.code}): "${data.detail}"` : "";
  return `| ${status} | ${cell(`${description}${example}`)} | ${contentOf(content) || "none"} |`;
}

function contentOf(content: z.infer<typeof Content>): string {
  return Object.entries(content)
    .map(([type, { schema }]) => (schema.$ref ? `${typeOf(schema)} (${type})` : type))
    .join(", ");
}

function exampleOf(example: unknown): string[] {
  return [
    "<details><summary>Example</summary>",
    `\`\`\`json\n${JSON.stringify(example, null, 2)}\n\`\`\``,
    "</details>",
  ];
}

function bodyOf(name: string, schema: Schema): string[] {
  return [
    `### ${name}`,
    ...(schema.description ? [schema.description] : []),
    ["| field | type | required | meaning |", "|---|---|---|---|", ...fieldsOf(schema, "")].join("\n"),
    ...schema.examples.flatMap(exampleOf),
  ];
}

function fieldsOf(schema: Schema, prefix: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const isRequired = schema.required.includes(name) ? "yes" : "no";
    const inner = field.items ?? field.anyOf?.find(({ properties }) => properties !== undefined) ?? field;
    const below = inner.$ref === undefined ? fieldsOf(inner, `${path}${field.items ? "[]" : ""}.`) : [];
    return [`| \`${path}\` | ${typeOf(field)} | ${isRequired} | ${cell(field.description ?? "")} |`, ...below];
  });
}

/** Returns a schema's type in a few words. Patterns and limits stand in the document. */
function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split("/").at(-1) ?? "";
    return `[${name}](#${name.toLowerCase()})`;
  }
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) return schema.enum.map((word) => `\`${word}\``).join(", ");
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeOf))].join(" or ");
  if (schema.items) return `array of ${typeOf(schema.items)}`;
  return [schema.type ?? "anything"].flat().join(" or ");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
