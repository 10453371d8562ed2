import { PaymentError } from "../domain/errors.ts";

/** One invalid field, in FastAPI's format, because the first callers read that. */
export type FieldError = { pointer: string; loc: (string | number)[]; msg: string; type: string };

/** The input is not valid. `errors` names each field. */
export class InputInvalid extends PaymentError {
  readonly code = "input_invalid";
  readonly errors: readonly FieldError[];

  constructor(errors: readonly FieldError[]) {
    const fields = errors.map(({ loc, msg }) => `${loc.slice(1).join(".") || loc[0]}: ${msg}`);
    super(`The request is not valid: ${fields.join("; ")}.`);
    this.errors = errors;
  }
}

/** The credentials are valid, but do not allow this. */
export class Forbidden extends PaymentError {
  readonly code = "forbidden";
}

/** No route exists at this address. */
export class RouteUnknown extends PaymentError {
  readonly code = "route_unknown";
  constructor() {
    super("There is no route at this address; /openapi.json lists the routes.");
  }
}

/** The address exists, but does not accept this method. */
export class MethodNotAllowed extends PaymentError {
  readonly code = "method_not_allowed";
  readonly allowed: readonly string[];
  constructor(allowed: readonly string[]) {
    super(`This address accepts only ${allowed.join(" and ")}.`);
    this.allowed = allowed;
  }
}

/** The body is larger than the limit. */
export class BodyTooLarge extends PaymentError {
  readonly code = "body_too_large";
  constructor(limitBytes: number) {
    super(`The body is larger than ${limitBytes} bytes.`);
  }
}

/** A webhook or callback is unreadable or names no payment. */
export class WebhookInvalid extends PaymentError {
  readonly code = "webhook_invalid";
}
