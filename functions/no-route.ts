import { methodsAt } from "../lib/contract/routes.ts";
import { endpoint } from "../lib/http/endpoint.ts";
import { MethodNotAllowed, RouteUnknown } from "../lib/http/errors.ts";

export const handler = endpoint("nothing", async ({ event }) => {
  const methods = methodsAt(event.rawPath);
  throw methods.length > 0 ? new MethodNotAllowed(methods) : new RouteUnknown();
});
