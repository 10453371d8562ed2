import * as z from "zod";

/** The fields of a request, not yet validated: JSON values of any type, or texts from a form. */
export type Fields = Record<string, unknown>;

const Fields = z.record(z.string(), z.unknown());

/**
 * Reads a JSON or form body; `meta[key]` in a form becomes a nested field.
 * @returns an empty object for an unreadable body, undefined for any other content type
 */
export function readFields(body: Buffer, contentType: string | undefined): Fields | undefined {
  const type = contentType?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (type === "application/x-www-form-urlencoded") return nest(new URLSearchParams(body.toString("utf8")));
  if (type === "application/json" || body.length === 0) return readJson(body) ?? {};
  return undefined;
}

/** Parses a JSON object. @returns undefined for anything else */
export function readJson(body: Buffer): Fields | undefined {
  try {
    return Fields.safeParse(JSON.parse(body.toString("utf8"))).data;
  } catch {
    return undefined;
  }
}

/** The value at `name` or `outer.inner`. An empty text counts as absent, because forms send one for an absent value. */
export function valueAt(fields: Fields, path: string): unknown {
  const [outer = "", inner] = path.split(".");
  const value = inner === undefined ? fields[outer] : Fields.safeParse(fields[outer]).data?.[inner];
  return value === null || value === "" ? undefined : value;
}

/** The value as text. @returns undefined if it is absent, or neither a text nor a number */
export function textAt(fields: Fields, path: string): string | undefined {
  const value = valueAt(fields, path);
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

/** The object at `path`. @returns undefined for anything else */
export function objectAt(fields: Fields, path: string): Fields | undefined {
  return Fields.safeParse(valueAt(fields, path)).data;
}

/** Decodes one segment of a path. @returns the segment unchanged if its encoding is wrong */
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
