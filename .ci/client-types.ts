import { writeFileSync } from "node:fs";
import { runChild } from "../commands/children.ts";
import { openApiDocument } from "../lib/http/openapi.ts";

/** The generated types of the client. */
export const CLIENT_TYPES = "client/src/api.ts";

/** What the client calls. */
const CALLED = [
  "/api/v1/payments/initiate",
  "/api/v1/payments/{payment_id}/status",
  "/api/v1/payments/{payment_id}",
  "/api/v1/payments",
  "/api/v1/payments/{payment_id}/refunds",
];

/**
 * Makes TypeScript types from the API's description.
 * @param folder for the files on the way
 * @param part of the description: all of it, or what the client calls
 * @returns the path of the types
 * @throws Error if the generator fails
 */
export async function generateTypes(folder: string, part: "all" | "called"): Promise<string> {
  const document = openApiDocument();
  const [source, types] = [`${folder}/${part}.json`, `${folder}/${part}.ts`];
  writeFileSync(source, JSON.stringify(part === "all" ? document : calledPartOf(document)));
  const stdio = ["ignore", "ignore", "inherit"] as const;
  const generator = "client/node_modules/.bin/openapi-typescript";
  const code = await runChild(generator, [source, "--output", types], { stdio: [...stdio] });
  if (code !== 0) throw new Error(`openapi-typescript ended with ${code}`);
  return types;
}

type Document = ReturnType<typeof openApiDocument>;

function calledPartOf(document: Document): Document {
  const { paths = {}, components } = document;
  const missing = CALLED.filter((path) => !(path in paths));
  if (missing.length > 0) throw new Error(`the API does not describe ${missing.join(", ")}`);
  const called = Object.fromEntries(CALLED.map((path) => [path, paths[path] ?? {}]));
  const all = components?.schemas ?? {};
  const schemas: typeof all = {};
  const keep = (part: unknown) => {
    for (const [, name = ""] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      const schema = all[name];
      if (!schema || name in schemas) continue;
      schemas[name] = schema;
      keep(schema);
    }
  };
  keep(called);
  return { ...document, paths: called, components: { ...components, schemas } };
}
