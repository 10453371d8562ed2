import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { bundleFunctions } from "../../.ci/bundle/bundle.ts";
import { ERROR_CODES } from "../../lib/domain/vocabulary.ts";
import type { endpoint } from "../../lib/http/endpoint.ts";
import { REFERENCE_FILES } from "../../lib/http/pages/api-reference.ts";
import { aContext, anEvent } from "../support/events.ts";

type Handler = ReturnType<typeof endpoint>;
const folder = mkdtempSync(join(tmpdir(), "docs-"));
const handlers = new Map<string, Handler>();
// Outside the project, as in Lambda: no folder above it has packages.
beforeAll(async () => {
  await bundleFunctions(folder);
  for (const name of ["get-docs", "get-openapi"]) handlers.set(name, await load(name));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function load(name: string): Promise<Handler> {
  const loaded: unknown = await import(pathToFileURL(`${folder}/${name}/index.mjs`).href);
  const isHandler = (value: unknown): value is Handler => typeof value === "function";
  return z.object({ handler: z.custom<Handler>(isHandler) }).parse(loaded).handler;
}

const FILES = Object.keys(REFERENCE_FILES);
const call = (path: string, headers: Record<string, string> = {}) => {
  const handler = handlers.get(path === "/openapi.json" ? "get-openapi" : "get-docs");
  const [, file] = /^\/docs\/(.+)$/.exec(path) ?? [];
  const pathParameters = file === undefined ? {} : { pathParameters: { file } };
  if (!handler) throw new Error(`no function serves ${path}`);
  return handler(anEvent({ method: "GET", rawPath: path, headers, ...pathParameters }), aContext());
};

test.each(Object.entries(REFERENCE_FILES))(
  "the deployed bundle serves %s as its package has it",
  async (name, { source, type }) => {
    const { statusCode, headers, body } = await call(`/docs/${name}`);
    expect([statusCode, headers["content-type"]]).toEqual([200, type]);
    expect(body).toBe(readFileSync(new URL(import.meta.resolve(source)), "utf8"));
  },
);

test.each(["/docs", "/redoc"])("the page %s loads only files that this service serves", async (path) => {
  const { body, headers } = await call(path);
  const loaded = [...body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = ""]) => address);
  const files = loaded.filter((address) => !address.startsWith("data:"));
  expect(files.length).toBeGreaterThan(0);
  for (const address of files) expect(FILES).toContain(/^\/docs\/([^?]+)\?v=[\w-]{22}$/.exec(address)?.[1]);
  expect(headers["content-security-policy"]).toMatch(/^default-src 'none'; /);
  expect(headers["content-security-policy"]).not.toMatch(/https?:|\*/);
});

test("the deployed bundle explains each error code at the address to which its problems lead", async () => {
  const { statusCode, headers, body } = await call("/docs/errors");
  expect([statusCode, headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
  expect(headers["content-security-policy"]).toMatch(/^default-src 'none'; /);
  for (const code of ERROR_CODES) expect(body).toContain(`<h2 id="${code}">`);
});

test.each([...FILES.map((name) => `/docs/${name}`), "/docs", "/docs/errors", "/openapi.json"])(
  "%s is compressed for callers that accept gzip, and only for them",
  async (path) => {
    const plain = await call(path);
    expect(plain.headers).not.toHaveProperty("content-encoding");
    for (const accepted of ["gzip", "br;q=1.0, gzip;q=0.8, *;q=0.1", "*"]) {
      const packed = await call(path, { "accept-encoding": accepted });
      expect(packed).toMatchObject({ statusCode: 200, isBase64Encoded: true });
      expect(packed.headers).toMatchObject({ "content-encoding": "gzip", vary: "accept-encoding" });
      expect(gunzipSync(Buffer.from(packed.body, "base64")).toString()).toBe(plain.body);
    }
    const refused = await call(path, { "accept-encoding": "gzip;q=0, identity" });
    expect(refused.body).toBe(plain.body);
  },
);

test("a caller that has a file gets 304, and a file may be kept for a year", async () => {
  const { headers } = await call("/docs/swagger-ui.css");
  expect(headers["cache-control"]).toBe("public, max-age=31536000, immutable");
  const again = await call("/docs/swagger-ui.css", { "if-none-match": headers["etag"] ?? "" });
  expect(again).toMatchObject({ statusCode: 304, body: "" });
});

test.each(["package.json", "..%2findex.mjs", "../../package.json", "constructor"])(
  "/docs/%s is no file of the pages, and is answered with 404",
  async (name) => {
    expect((await call(`/docs/${name}`)).statusCode).toBe(404);
  },
);
