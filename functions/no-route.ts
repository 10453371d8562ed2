import { routesAt } from "../lib/contract/routes.ts";
import { MethodNotAllowed, RouteUnknown } from "../lib/domain/errors.ts";
import { endpoint } from "../lib/http/endpoint.ts";

export const handler = endpoint("nothing", async ({ event }) => {
  const methods = new Set(routesAt(event.rawPath).map(({ route }) => route.method));
  throw methods.size > 0 ? new MethodNotAllowed([...methods].sort()) : new RouteUnknown();
});
