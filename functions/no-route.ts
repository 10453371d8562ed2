import { endpoint } from "../lib/http/endpoint.ts";
import { RouteUnknown } from "../lib/http/errors.ts";
import { withoutTrailingSlash } from "../lib/http/trailing-slash.ts";

export const handler = endpoint("nothing", async ({ event }) => {
  const location = withoutTrailingSlash(event);
  if (location === undefined) throw new RouteUnknown();
  return { statusCode: 308, headers: { location }, body: "" };
});
