import * as z from "zod";

const Content = z.record(z.string(), z.unknown());
const Operation = z.looseObject({
  operationId: z.string(),
  requestBody: z.looseObject({ content: Content }).optional(),
  responses: z.record(z.string(), z.looseObject({ content: Content.optional() })),
});
type Operation = z.output<typeof Operation>;
const Document = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), Operation)) });

/**
 * A type of its own, so that the hooks put a byte order mark before such a body. It does not end in `+json`, which
 * schemathesis writes by itself.
 */
export const MARKED_JSON = "application/x-marked-json";

/**
 * Returns an OpenAPI document with requests that ours does not describe and that the service answers all the same: HEAD,
 * a slash too many, and JSON behind a byte order mark.
 */
export function withOddRequests(document: unknown): object {
  const { paths, ...others } = Document.parse(document);
  const odd = Object.entries(paths).flatMap(([path, operations]) => {
    const all = Object.fromEntries(
      Object.entries(operations).flatMap(([method, operation]) => [
        [method, withMarkedJson(operation)],
        ...(method === "get" ? [["head", withoutContent(operation)] as const] : []),
      ]),
    );
    return isFollowed(path, operations)
      ? [[path, all] as const, [`${path}/`, renamed(all)] as const]
      : [[path, all] as const];
  });
  return { ...others, paths: Object.fromEntries(odd) };
}

/** A client follows from the slash to the route, but not on to a page elsewhere; a signature is of one address. */
function isFollowed(path: string, operations: Record<string, Operation>): boolean {
  return !path.startsWith("/internal/") && !Object.values(operations).some(({ responses }) => "303" in responses);
}

function withMarkedJson({ requestBody, ...operation }: Operation): Operation {
  if (!requestBody) return operation;
  const json = requestBody.content["application/json"];
  const content = { ...requestBody.content, ...(json ? { [MARKED_JSON]: json } : {}) };
  return { ...operation, requestBody: { ...requestBody, content } };
}

function withoutContent({ responses, operationId, ...operation }: Operation): Operation {
  const bare = Object.entries(responses).map(([status, { content: _, ...response }]) => [status, response]);
  return { ...operation, operationId: `${operationId}Head`, responses: Object.fromEntries(bare) };
}

function renamed(operations: Record<string, Operation>): Record<string, Operation> {
  return Object.fromEntries(
    Object.entries(operations).map(([method, { operationId, ...operation }]) => [
      method,
      { ...operation, operationId: `${operationId}Slash` },
    ]),
  );
}
