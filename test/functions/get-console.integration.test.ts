import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { bundleFunctions } from "../../.ci/bundle/bundle.ts";
import type { endpoint } from "../../lib/http/endpoint.ts";
import { CONSOLE_FILES } from "../../lib/http/pages/console.ts";
import { aContext, anEvent } from "../support/events.ts";

type Handler = ReturnType<typeof endpoint>;
const folder = mkdtempSync(join(tmpdir(), "console-"));
let handler: Handler;
// Outside the project, as in Lambda: no folder above it has packages.
beforeAll(async () => {
  await bundleFunctions(folder);
  const loaded: unknown = await import(pathToFileURL(`${folder}/get-console/index.mjs`).href);
  const isHandler = (value: unknown): value is Handler => typeof value === "function";
  handler = z.object({ handler: z.custom<Handler>(isHandler) }).parse(loaded).handler;
});
afterAll(() => rmSync(folder, { recursive: true }));

const call = (file?: string) =>
  handler(
    anEvent({ method: "GET", rawPath: "/console", ...(file === undefined ? {} : { pathParameters: { file } }) }),
    aContext(),
  );

test.each(Object.entries(CONSOLE_FILES))(
  "the deployed bundle serves %s, which lies beside it",
  async (name, { type }) => {
    const { statusCode, headers, body } = await call(name);
    expect([statusCode, headers["content-type"]]).toEqual([200, type]);
    expect(body).toBe(readFileSync(`${folder}/get-console/${name}`, "utf8"));
  },
);

test("the page loads the console's files only, and its policy forbids every other host and every inline script", async () => {
  const { statusCode, headers, body } = await call();
  expect(statusCode).toBe(200);
  const loaded = [...body.matchAll(/(?:src|href)="(?!data:)([^"]+)"/g)].map(([, address = ""]) => address);
  const names = loaded.map((address) => /^\/console\/([^?]+)\?v=[\w-]{22}$/.exec(address)?.[1]);
  expect(names.toSorted()).toEqual(Object.keys(CONSOLE_FILES).toSorted());
  expect(headers["content-security-policy"]).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; /);
  expect(headers["content-security-policy"]).not.toMatch(/https?:|\*|unsafe/);
});

test.each(["index.mjs", "..%2findex.mjs", "constructor"])(
  "/console/%s is no file of the console, and is answered with 404",
  async (name) => {
    expect((await call(name)).statusCode).toBe(404);
  },
);
