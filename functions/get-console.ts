import { endpoint } from "../lib/http/endpoint.ts";
import { RouteUnknown } from "../lib/http/errors.ts";
import { consoleFiles, consolePage } from "../lib/http/pages/console.ts";

export const handler = endpoint("nothing", async ({ event }) => {
  const name = event.pathParameters?.["file"];
  if (name === undefined) return consolePage(event);
  const file = consoleFiles.answer(name, event);
  if (!file) throw new RouteUnknown();
  return file;
});
