import * as z from "zod";
import { InitiateRequest, type PaymentResponse } from "../contract/api.ts";

const Keys = z.record(z.string(), z.unknown());
const CUSTOMER = "customer";
// The listing sends it. The key of this stage decides which money it takes.
const KNOWN_UNUSED = { is_test_mode: undefined };
const CustomerOf = z.object({ [CUSTOMER]: Keys });
// The names are the caller's, so the answer holds no more of them.
const MOST = 10;
const LONGEST = 64;

/**
 * Returns a warning for each field of a request for a payment that we do not know, which may be a misspelt one: it is
 * ignored, because callers of the predecessor send some that we do not use. Nothing if every field is known.
 */
export function warningsAbout(body: unknown): Pick<PaymentResponse, "warnings"> {
  const customer = InitiateRequest.shape.customer.unwrap().unwrap().shape;
  const fields = [
    ...unknownIn(Keys.safeParse(body).data, { ...InitiateRequest.shape, ...KNOWN_UNUSED }),
    ...unknownIn(CustomerOf.safeParse(body).data?.[CUSTOMER], customer).map((name) => `${CUSTOMER}.${name}`),
  ];
  if (fields.length === 0) return {};
  return {
    warnings: fields.slice(0, MOST).map((field) => ({
      code: "unknown_field",
      field: field.slice(0, LONGEST),
      detail: "This field is not known, and was ignored. Is it misspelt?",
    })),
  };
}

function unknownIn(given: Record<string, unknown> = {}, known: object): string[] {
  return Object.keys(given).filter((name) => !Object.hasOwn(known, name));
}
