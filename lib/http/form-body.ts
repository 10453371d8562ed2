import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { header } from "./endpoint.ts";
import { rawBody } from "./raw-body.ts";

const FORM_LIMIT_BYTES = 8 * 1024;

/**
 * The fields of a form; none for a body of another type, so that what is missing is named.
 * @throws BodyTooLarge
 */
export function formBody(event: APIGatewayProxyEventV2): Record<string, string> {
  const bytes = rawBody(event, FORM_LIMIT_BYTES);
  const isForm = header(event, "content-type")?.toLowerCase().startsWith("application/x-www-form-urlencoded");
  return isForm ? Object.fromEntries(new URLSearchParams(bytes.toString("utf8"))) : {};
}
