import { endpoint } from "../lib/http/endpoint.ts";
import { openApiText } from "../lib/http/openapi-text.ts";
import { staticAnswer } from "../lib/http/static-answer.ts";

const answer = staticAnswer(openApiText(), {
  "content-type": "application/json",
  "cache-control": "public, max-age=300",
});

export const handler = endpoint("nothing", async ({ event }) => answer(event));
