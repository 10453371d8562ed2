import * as z from "zod";

/** The fields of a request, as they came: JSON of any type, or texts from a form. */
export type Fields = Record<string, unknown>;

const Fields = z.record(z.string(), z.unknown());

/**
 * Reads a JSON or form body; `meta[key]` in a form becomes a nested field.
 * @returns no fields for an unreadable body, undefined for a content type that is neither
 */
export function readFields(body: Buffer, contentType: string | undefined): Fields | undefined {
  const type = contentType?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (type === "application/x-www-form-urlencoded") return nest(new URLSearchParams(body.toString("utf8")));
  if (type === "application/json" || body.length === 0) return readJson(body) ?? {};
  return undefined;
}

/** The object in a JSON text, or undefined when there is none. */
export function readJson(body: Buffer): Fields | undefined {
  try {
    return Fields.safeParse(JSON.parse(body.toString("utf8"))).data;
  } catch {
    return undefined;
  }
}

/** The value at `name` or `outer.inner`; an empty text counts as absent, as in every form. */
export function valueAt(fields: Fields, path: string): unknown {
  const [outer = "", inner] = path.split(".");
  const value = inner === undefined ? fields[outer] : Fields.safeParse(fields[outer]).data?.[inner];
  return value === null || value === "" ? undefined : value;
}

/** The value as text; undefined when it is absent or neither text nor number. */
export function textAt(fields: Fields, path: string): string | undefined {
  const value = valueAt(fields, path);
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

/** The nested object at `path`, if it is one. */
export function objectAt(fields: Fields, path: string): Fields | undefined {
  return Fields.safeParse(valueAt(fields, path)).data;
}

/** One segment of a path as it was meant, or as it is when it cannot be decoded. */
export function decodePath(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function nest(pairs: Iterable<[string, string]>): Fields {
  const fields = new Map<string, unknown>();
  for (const [name, value] of pairs) {
    const [, outer, inner] = /^(\w+)\[(\w+)\]$/.exec(name) ?? [];
    if (outer === undefined || inner === undefined) fields.set(name, value);
    else fields.set(outer, { ...Fields.safeParse(fields.get(outer)).data, [inner]: value });
  }
  return Object.fromEntries(fields);
}
