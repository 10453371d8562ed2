import { endpoint } from "../lib/http/endpoint.ts";
import { RouteUnknown } from "../lib/http/errors.ts";
import { referenceFiles, referencePages } from "../lib/http/pages/api-reference.ts";
import { errorGuide } from "../lib/http/pages/error-guide.ts";

export const handler = endpoint("nothing", async ({ event }) => {
  const name = event.pathParameters?.["file"];
  if (name === undefined) return referencePages[event.rawPath.startsWith("/redoc") ? "redoc" : "swagger"](event);
  if (name === "errors") return errorGuide(event);
  const file = referenceFiles.answer(name, event);
  if (!file) throw new RouteUnknown();
  return file;
});
