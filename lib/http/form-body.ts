import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { header } from "./endpoint.ts";
import { rawBody } from "./raw-body.ts";

const FORM_LIMIT_BYTES = 8 * 1024;

/**
 * Returns the fields of a form; none for a body of another type, so that the error names the missing fields.
 * @throws BodyTooLarge
 */
export function formBody(event: APIGatewayProxyEventV2): Record<string, string> {
  const bytes = rawBody(event, FORM_LIMIT_BYTES);
  const isForm = header(event, "content-type")?.toLowerCase().startsWith("application/x-www-form-urlencoded");
  return isForm ? Object.fromEntries(new URLSearchParams(bytes.toString("utf8"))) : {};
}
