import { readFileSync } from "node:fs";

/** Returns docs/errors.md. A bundle has another module in this place, which holds the text. */
export function errorGuideText(): string {
  return readFileSync(new URL("../../../docs/errors.md", import.meta.url), "utf8");
}
