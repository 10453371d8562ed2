import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { methodsAt } from "../contract/routes.ts";

/** Returns the address of the same request with one trailing slash less; undefined if no route is there. */
export function withoutTrailingSlash({ rawPath, rawQueryString }: APIGatewayProxyEventV2): string | undefined {
  if (!rawPath.endsWith("/")) return undefined;
  const path = rawPath.slice(0, -1);
  if (methodsAt(path).length === 0) return undefined;
  // API Gateway may have decoded the path. The URL encodes again what no header can carry.
  const url = new URL("http://this-service");
  url.pathname = path;
  url.search = rawQueryString;
  return `${url.pathname}${url.search}`;
}
