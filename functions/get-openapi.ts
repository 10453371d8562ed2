import { endpoint } from "../lib/http/endpoint.ts";
import { openApiDocument } from "../lib/http/openapi.ts";
import { staticAnswer } from "../lib/http/static-answer.ts";

// Built once, because it changes only with the code.
const answer = staticAnswer(JSON.stringify(openApiDocument()), {
  "content-type": "application/json",
  "cache-control": "public, max-age=300",
});

export const handler = endpoint("nothing", async ({ event }) => answer(event));
