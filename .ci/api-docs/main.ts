import { writeFileSync } from "node:fs";
import { Command } from "../../commands/command.ts";
import { moveIntoPlace, openWorkspace } from "../../commands/workspace.ts";
import { openApiDocument } from "../../lib/http/openapi.ts";
import { apiDocs } from "./markdown.ts";

new Command({
  name: "npm run api:docs",
  summary: "Generates docs/api.md from the API's OpenAPI document.",
  duration: "2 seconds",
  options: {},
  examples: { "npm run api:docs": "after a change of routes, bodies or errors" },
}).read();

const file = `${openWorkspace("api-docs")}/api.md`;
writeFileSync(file, apiDocs(openApiDocument()));
moveIntoPlace(file, "docs/api.md");
