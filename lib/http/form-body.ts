import { Busboy } from "@fastify/busboy";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { header } from "./endpoint.ts";
import { InputInvalid } from "./errors.ts";
import { rawBody, withoutByteOrderMark } from "./raw-body.ts";

const FORM_LIMIT_BYTES = 8 * 1024;

/**
 * Returns the fields of a form, urlencoded or multipart, without files; none for a body of another type, so that the
 * error names the missing fields.
 * @throws BodyTooLarge, InputInvalid for a multipart body that cannot be read
 */
export async function formBody(event: APIGatewayProxyEventV2): Promise<Record<string, string>> {
  const bytes = withoutByteOrderMark(rawBody(event, FORM_LIMIT_BYTES));
  const type = header(event, "content-type") ?? "";
  if (/^\s*multipart\/form-data/i.test(type)) return multipartFields(bytes, type.trim());
  const isForm = /^\s*application\/x-www-form-urlencoded/i.test(type);
  return isForm ? Object.fromEntries(new URLSearchParams(bytes.toString("utf8"))) : {};
}

async function multipartFields(bytes: Buffer, type: string): Promise<Record<string, string>> {
  const fields = new Map<string, string>();
  try {
    await new Promise<void>((resolve, reject) => {
      const form = new Busboy({ headers: { "content-type": type } });
      form.on("field", (name: string | undefined, value) => {
        if (name !== undefined) fields.set(name, value);
      });
      form.on("finish", resolve);
      form.on("error", reject);
      form.end(bytes);
    });
  } catch {
    // The parser's message quotes the form.
    throw new InputInvalid([
      { pointer: "", loc: ["body"], msg: "the body is not the form of its type", type: "form_invalid" },
    ]);
  }
  return Object.fromEntries(fields);
}
