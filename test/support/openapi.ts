import { gunzipSync } from "node:zlib";
import { Ajv2020 } from "ajv/dist/2020.js";
import * as z from "zod";
import { openApiDocument } from "../../lib/http/openapi.ts";
import type { ApiObserver } from "../../local/api-gateway.ts";

const Content = z.record(z.string(), z.object({ schema: z.record(z.string(), z.unknown()) }));
const Document = z.object({
  paths: z.record(
    z.string(),
    z.record(z.string(), z.object({ responses: z.record(z.string(), z.object({ content: Content.optional() })) })),
  ),
});

const document: unknown = JSON.parse(JSON.stringify(openApiDocument()));
const { paths } = Document.parse(document);
const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(document as object, "openapi");
const compiled = new Map<string, ReturnType<typeof ajv.compile>>();

/** What is wrong with an answer by the API's own description; undefined when it is as described. */
export function unlikeItsDescription(exchange: Parameters<ApiObserver>[0]): string | undefined {
  const { request, answer, route } = exchange;
  // Only listed routes are described; everything else is refused by one function.
  if (!route) return undefined;
  const what = `${request.method} ${request.path} → ${answer.status}`;
  const described = paths[route.path]?.[route.method.toLowerCase()]?.responses[String(answer.status)];
  if (!described) return `${what}: not described`;
  if (request.method === "HEAD") return answer.body ? `${what}: has a body` : undefined;
  const text = textOf(answer.body);
  if (!described.content) return text === "" ? undefined : `${what}: has a body, described without one`;
  const type = (answer.headers?.["content-type"] ?? "application/json").split(";")[0] ?? "";
  if (!described.content[type]) return `${what}: described without ${type}`;
  if (!type.endsWith("json")) return undefined;
  const validate = validatorOf(route.path, route.method.toLowerCase(), String(answer.status), type);
  if (validate(JSON.parse(text))) return undefined;
  return `${what}: ${ajv.errorsText(validate.errors)} in ${text}`;
}

/** Bytes are a compressed text. */
function textOf(body: unknown): string {
  if (Buffer.isBuffer(body)) return gunzipSync(body).toString();
  if (typeof body === "string") return body;
  return body === undefined ? "" : JSON.stringify(body);
}

function validatorOf(path: string, method: string, status: string, type: string) {
  const token = (part: string) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));
  const pointer = ["paths", path, method, "responses", status, "content", type, "schema"].map(token).join("/");
  const known = compiled.get(pointer);
  if (known) return known;
  const made = ajv.compile({ $ref: `openapi#/${pointer}` });
  compiled.set(pointer, made);
  return made;
}
