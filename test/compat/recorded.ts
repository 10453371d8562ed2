import { readFileSync } from "node:fs";
import { expect } from "vitest";
import * as z from "zod";

const Recorded = z.strictObject({
  /** The row's name in the tables of tests. */
  name: z.string(),
  method: z.enum(["GET", "POST", "PATCH", "PUT", "HEAD"]),
  /** `{id}` and `{ID}` stand for an id. */
  path: z.string(),
  request: z
    .strictObject({
      headers: z.array(z.string()).optional(),
      content_type: z.string().optional(),
      /** Each value is an example, or a word that names its kind. */
      body: z.union([z.record(z.string(), z.unknown()), z.string()]).optional(),
    })
    .default({}),
  status: z.number().int(),
  response: z.strictObject({
    content_type: z.string().nullable(),
    headers: z.record(z.string(), z.string()).default({}),
    body: z.unknown(),
  }),
  note: z.string().optional(),
});
/** One request to a real service, and its answer. Values are made up; types, forms and sentences are real. */
export type Recorded = z.output<typeof Recorded>;

export function readRecorded(service: "admin" | "notification" | "property-listing" | "user-management"): Recorded[] {
  const file = new URL(`shapes/${service}.json`, import.meta.url);
  return z.array(Recorded).parse(JSON.parse(readFileSync(file, "utf8")));
}

/** Whether the row is a request that we get, with our answer. */
export const isToUs = ({ name }: Recorded) => name.startsWith("TO US");

/** Each row with its set-up in a test's table. @throws Error unless the table has exactly the rows */
export function withSetUps<SetUp>(
  rows: readonly Recorded[],
  table: Record<string, SetUp>,
): [string, Recorded, SetUp][] {
  const names = new Set(rows.map(({ name }) => name));
  const unknown = Object.keys(table).filter((name) => !names.has(name));
  if (unknown.length > 0) throw new Error(`no row is called ${unknown.join(" or ")}`);
  return rows.map((row) => {
    const setUp = table[row.name];
    if (setUp === undefined) throw new Error(`no set-up for the row ${row.name}`);
    return [row.name, row, setUp];
  });
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/;
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;
// Text of these fields is compared, of others only that it is text.
const WORDS = ["detail", "error", "loc", "msg", "pattern", "payment_status", "property_status", "role", "status"];
const LITERAL = [...WORDS, "token_type", "type", "url"];

/** What two answers of one kind have in common: fields, types, forms and sentences, but no ids, times and values. */
export function formOf(value: unknown, field = ""): unknown {
  if (Array.isArray(value)) return value.map((item) => formOf(item, field));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, formOf(inner, name)]));
  }
  if (typeof value !== "string") return value === null || typeof value === "boolean" ? value : typeof value;
  if (TIME.test(value)) return "time";
  if (LITERAL.includes(field)) return value.replace(UUID, "id").replace(/(Failed to send notification: ).*/s, "$1…");
  if (value.replace(UUID, "") === "") return "id";
  return TOKEN.test(value) ? "token" : "text";
}

/** Compares an answer with the recorded one. */
export async function expectRecorded(row: Recorded, response: Response): Promise<void> {
  const text = await response.text();
  const { headers, content_type, body } = row.response;
  const pathOf = (address: string) => new URL(address).pathname.replace(UUID, "{id}");
  const shown = (name: string, header: string | null) => header && (name === "location" ? pathOf(header) : header);
  const named = Object.keys(headers);
  const isJson = response.headers.get("content-type")?.includes("json") && text !== "";
  expect({
    status: response.status,
    contentType: response.headers.get("content-type"),
    headers: named.map((name) => shown(name, response.headers.get(name))),
    body: isJson ? formOf(JSON.parse(text)) : text || null,
  }).toEqual({
    status: row.status,
    contentType: content_type,
    headers: named.map((name) => shown(name, headers[name] ?? null)),
    body: content_type?.includes("json") ? formOf(body) : body,
  });
}

/** The address of a recorded request at a double. */
export function addressOf({ path }: Recorded, origin: string, id = ""): string {
  return `${origin}${path.replace("{id}", id).replace("{ID}", id.toUpperCase())}`;
}
