import { PaymentError } from "../domain/errors.ts";

/** One field that a caller must change, in FastAPI's words because the first callers read those. */
export type FieldError = { pointer: string; loc: (string | number)[]; msg: string; type: string };

/** The input cannot be understood. `errors` names each field. */
export class InputInvalid extends PaymentError {
  readonly code = "input_invalid";
  readonly errors: readonly FieldError[];

  constructor(errors: readonly FieldError[]) {
    const fields = errors.map(({ loc, msg }) => `${loc.slice(1).join(".") || loc[0]}: ${msg}`);
    super(`The request is not valid: ${fields.join("; ")}.`);
    this.errors = errors;
  }
}

/** The credentials are valid, but not for this. */
export class Forbidden extends PaymentError {
  readonly code = "forbidden";
}

/** Nothing is served at this address. */
export class RouteUnknown extends PaymentError {
  readonly code = "route_unknown";
  constructor() {
    super("There is no route at this address; /openapi.json lists the routes.");
  }
}

/** The address is served, but not by this method. */
export class MethodNotAllowed extends PaymentError {
  readonly code = "method_not_allowed";
  readonly allowed: readonly string[];
  constructor(allowed: readonly string[]) {
    super(`This address accepts only ${allowed.join(" and ")}.`);
    this.allowed = allowed;
  }
}

/** The webhook's body is larger than we read. */
export class BodyTooLarge extends PaymentError {
  readonly code = "body_too_large";
  constructor(limitBytes: number) {
    super(`The body is larger than ${limitBytes} bytes.`);
  }
}

/** A webhook or callback that names no payment, or cannot be read. */
export class WebhookInvalid extends PaymentError {
  readonly code = "webhook_invalid";
}
