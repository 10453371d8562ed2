import { openApiDocument } from "./openapi.ts";

/** Returns the OpenAPI document as JSON. A bundle has another module in this place, which reads the text from a file. */
export function openApiText(): string {
  return JSON.stringify(openApiDocument());
}
