import { readFileSync } from "node:fs";

/** Stands in for `lib/http/openapi-text.ts` in bundles: the document is made at build time and lies beside the bundle. */
export function openApiText(): string {
  return readFileSync(new URL("openapi.json", import.meta.url), "utf8");
}
