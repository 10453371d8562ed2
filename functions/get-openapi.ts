import { endpoint } from "../lib/http/endpoint.ts";
import { openApiDocument } from "../lib/http/openapi.ts";

// Built once, because it changes only with the code.
const body = JSON.stringify(openApiDocument());

export const handler = endpoint("nothing", async () => ({
  statusCode: 200,
  headers: { "content-type": "application/json", "cache-control": "public, max-age=300" },
  body,
}));
