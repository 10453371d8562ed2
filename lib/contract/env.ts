import * as z from "zod";

// As the parser of addresses writes it: what it overlooks around one would stand in the middle once a path is added.
const url = z.url({ protocol: /^https?$/ }).transform((text) => new URL(text).href.replace(/\/+$/, ""));
const origins = z
  .string()
  .transform((text) =>
    text
      .split(",")
      .map((part) => part.trim())
      .filter(Boolean),
  )
  .pipe(z.array(z.url({ protocol: /^https?$/ }).transform((text) => new URL(text).origin)));
const arn = z.string().min(1);
const perMinute = z.coerce.number().int().min(1).max(1_000_000);
const flag = z.enum(["true", "false"]).transform((text) => text === "true");
const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.issues.push({ code: "custom", message: "not JSON", input: text });
    return z.NEVER;
  }
});

/**
 * A sibling's address. Its API lives under `/api/v1`, which is added when the address has no path.
 */
const sibling = url.transform((text) => (new URL(text).pathname === "/" ? `${text}/api/v1` : text));

/** Every environment variable of every function: what it means and what shape it has. */
const VARIABLES = {
  /** Name of the DynamoDB table. */
  TABLE_NAME: z.string().min(3),
  RESOLVE_QUEUE_URL: url,
  LISTING_QUEUE_URL: url,
  NOTIFICATION_QUEUE_URL: url,
  NOTIFICATION_DLQ_URL: url,
  /** JSON secret: Chapa's webhook secrets, current and previous. */
  WEBHOOK_SECRET_ARN: arn,
  /** JSON secret: JWT secret, namespace of ids. */
  AUTH_SECRET_ARN: arn,
  /** JSON secret: Chapa key, contact keys, the listing's key, the notification service's bearer. */
  GATEWAY_SECRET_ARN: arn,
  /** Public address of this service for browsers and Chapa, without a path. */
  BASE_URL: url,
  /** Chapa's API; `/v1` is added when it has no path. */
  CHAPA_BASE_URL: url.transform((text) => (new URL(text).pathname === "/" ? `${text}/v1` : text)),
  /** Origins that a checkout URL may have, comma separated. */
  CHECKOUT_ORIGINS: origins,
  USER_MANAGEMENT_URL: sibling,
  /** Whether User Management must confirm a token, or its signature is enough; see `lib/services/confirm-user.ts`. */
  TOKEN_VERIFY: z.enum(["remote", "local", "remote-with-fallback"]),
  /** Paths of User Management where a user may be found, separated by commas, with `{id}` for the user's id. */
  USER_LOOKUP_PATHS: z
    .string()
    .transform((text) => text.split(",").map((path) => path.trim()))
    .pipe(z.array(z.string().regex(/^\/[^\s]*\{id\}/, "not a path with {id}"))),
  PROPERTY_LISTING_SERVICE_URL: sibling,
  NOTIFICATION_SERVICE_URL: sibling,
  /** Page that a browser is sent to after a success. */
  FRONTEND_REDIRECT_URL: url,
  /** Page that a browser is sent to while a payment is not confirmed; empty: this service's own page. */
  FRONTEND_PENDING_URL: z.union([z.literal("").transform(() => undefined), url]),
  /** Origins that browsers may be sent to, comma separated. */
  FRONTEND_ORIGINS: origins,
  /** What each purpose costs, as JSON. */
  PRICE_BOOK: json,
  /** Days after which an unpaid payment expires. */
  PAYMENT_TIMEOUT_DAYS: z.coerce.number().positive().max(365),
  /** Minutes for which a checkout is given out again before a new one is opened. */
  CHECKOUT_TTL_MINUTES: z.coerce.number().int().min(5).max(1440),
  /** Ages of a checkout at which Chapa is asked; the last one repeats. */
  RECHECK_LADDER: z.string().min(2),
  /** Whether the listing service gets FAILED for finalised payments. */
  LISTING_HEARS_FAILED: flag,
  /** Initiate calls a minute, for each user and each program. */
  RATE_LIMIT_INITIATE: perMinute,
  /** Logins a minute, for each address and each user name. */
  RATE_LIMIT_TOKEN: perMinute,
  /** Verifications a minute that unverified notices may cause, all together. */
  RATE_LIMIT_TRIGGERS: perMinute,
  /** Refuses new payments while a restored table is compared with Chapa. */
  INITIATE_PAUSED: flag,
} as const satisfies Record<string, z.ZodType>;

const Factor = z.coerce.number().positive();

/**
 * What the deadlines of outgoing calls are multiplied by: 1, unless `DEADLINE_FACTOR` says otherwise, or for the services
 * over HTTP (Chapa and the siblings) `SERVICE_DEADLINE_FACTOR`. No stage sets them: tests do, whose machine may be busy,
 * or which wait for a deadline to pass.
 */
export function deadlineFactor(of: "stores" | "services", source = process.env): number {
  const text = of === "services" ? source["SERVICE_DEADLINE_FACTOR"] : undefined;
  return Factor.parse(text ?? source["DEADLINE_FACTOR"] ?? 1);
}

export type Variable = keyof typeof VARIABLES;
export type Env = { [Name in Variable]: z.output<(typeof VARIABLES)[Name]> };
/** Environment of a function as text, before it is read. */
export type EnvText = { [Name in Variable]?: string };

export class EnvironmentInvalid extends Error {}

/**
 * Reads the named variables.
 * @throws EnvironmentInvalid naming every variable that is missing or malformed, at once
 */
export function readEnv<Name extends Variable>(names: readonly Name[], source = process.env): Pick<Env, Name> {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const name of names) {
    const text = source[name];
    const parsed = text === undefined ? undefined : VARIABLES[name].safeParse(text);
    if (parsed?.success) values[name] = parsed.data;
    else faults.push(parsed ? `${name} is malformed: ${z.prettifyError(parsed.error)}` : `${name} is missing`);
  }
  if (faults.length > 0) throw new EnvironmentInvalid(`The environment is not complete:\n${faults.join("\n")}`);
  return values as Pick<Env, Name>;
}
