import * as z from "zod";
import { PriceBook } from "../domain/prices.ts";
import { parseLadder } from "../domain/time.ts";
import { MODES } from "../domain/vocabulary.ts";

// Written back by the URL parser: it ignores white space and line breaks, which would end up inside the address once a
// path is added.
const address = z.url({ protocol: /^https?$/, error: "not an http or https address" });
const url = address.transform((text) => new URL(text).href.replace(/\/+$/, ""));
// Nothing is added to the path of a page, and a front end may have its routes behind `#`.
const page = address.transform((text) => new URL(text).href);
const origins = z
  .string()
  .transform((text) =>
    text
      .split(",")
      .map((part) => part.trim())
      .filter(Boolean),
  )
  .pipe(z.array(address.transform((text) => new URL(text).origin)).min(1, "names no origin"));
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

const ladder = z.string().transform((text, context): readonly number[] => {
  const ages = parseLadder(text);
  if (ages) return ages;
  context.issues.push({ code: "custom", message: "not ascending lengths of time such as 2m,5m,1d", input: text });
  return z.NEVER;
});

/** The address of another service. Its API is under `/api/v1`, which is added if the address has no path. */
const sibling = url.transform((text) => (new URL(text).pathname === "/" ? `${text}/api/v1` : text));

function orEmpty<Schema extends z.ZodType<string, string>>(schema: Schema) {
  return z
    .string()
    .transform((text) => (text === "" ? undefined : text))
    .pipe(schema.optional());
}

/** Every environment variable of every function: what it means and what shape it has. */
const VARIABLES = {
  /** Name of the DynamoDB table. */
  TABLE_NAME: z.string().min(3),
  /**
   * A public constant of the stage, never changed: the check characters of its references at Chapa are made with it.
   */
  TX_STAGE: z.string().regex(/^[a-z0-9-]{3,64}$/),
  RESOLVE_QUEUE_URL: url,
  LISTING_QUEUE_URL: url,
  NOTIFICATION_QUEUE_URL: url,
  /** Queue of messages to payers that a payment succeeded, which are sent first. */
  SUCCESS_QUEUE_URL: url,
  NOTIFICATION_DLQ_URL: url,
  /** JSON secret: Chapa's webhook secrets, current and previous. */
  WEBHOOK_SECRET_ARN: arn,
  /** JSON secret: JWT secret, namespace of ids. */
  AUTH_SECRET_ARN: arn,
  /** JSON secret: Chapa's key, contact keys, the listing's API key, the notification service's bearer token. */
  GATEWAY_SECRET_ARN: arn,
  /** Public address of this service for browsers and Chapa, without a path. */
  BASE_URL: url,
  /** Chapa's API; `/v1` is added if the address has no path. */
  CHAPA_BASE_URL: url.transform((text) => (new URL(text).pathname === "/" ? `${text}/v1` : text)),
  /** Whether this stage moves real money. While the current key of Chapa is of the other mode, nothing is opened. */
  EXPECTED_MODE: z.enum(MODES),
  /** Origins that a checkout URL may have, separated by commas. */
  CHECKOUT_ORIGINS: origins,
  USER_MANAGEMENT_URL: sibling,
  /** Whether User Management must confirm a token, or the signature is enough; see `lib/services/confirm-user.ts`. */
  TOKEN_VERIFY: z.enum(["remote", "local", "remote-with-fallback"]),
  /** Paths of User Management that look a user up, separated by commas; `{id}` stands for the user's id. */
  USER_LOOKUP_PATHS: z
    .string()
    .transform((text) => text.split(",").map((path) => path.trim()))
    .pipe(z.array(z.string().regex(/^\/[^\s]*\{id\}/, "not a path with {id}"))),
  PROPERTY_LISTING_SERVICE_URL: sibling,
  /** If it is empty, payers get no messages. */
  NOTIFICATION_SERVICE_URL: orEmpty(sibling),
  /** Page that the browser is sent to after a success. */
  FRONTEND_REDIRECT_URL: page,
  /**
   * Page that the browser is sent to while a payment is not confirmed; if it is empty, this service shows its own page.
   */
  FRONTEND_PENDING_URL: orEmpty(page),
  /** Users who may decide about money and make links in owners' names, by their ids, separated by commas; empty: every administrator. */
  OPERATOR_IDS: z
    .string()
    .transform((text) =>
      text
        .split(",")
        .map((part) => part.trim())
        .filter(Boolean),
    )
    .pipe(z.array(z.uuid().transform((id) => id.toLowerCase()))),
  /** What one person or program may send back in a day, in birr. */
  REFUND_DAILY_LIMIT: z.coerce
    .number()
    .min(1)
    .max(100_000_000)
    .transform((birr) => Math.round(birr * 100)),
  /** Whom payers may ask, on every page: an e-mail address, a phone number or a web address; empty for nobody. */
  SUPPORT_CONTACT: orEmpty(
    z.string().regex(/^(https?:\/\/\S+|\S+@\S+|\+?[\d ]{3,20})$/, "not an e-mail address, phone number or web address"),
  ),
  /** Origins that browsers may be sent to, separated by commas. The first is the site of the pages' way back. */
  FRONTEND_ORIGINS: origins,
  /** What each purpose costs and whether it confirms the listing, as JSON. */
  PRICE_BOOK: json.pipe(PriceBook),
  /** Days after which an unpaid payment expires. */
  PAYMENT_TIMEOUT_DAYS: z.coerce.number().positive().max(365),
  /** Minutes for which callers get the same checkout before a new one is opened. */
  CHECKOUT_TTL_MINUTES: z.coerce.number().int().min(5).max(1440),
  /** Minutes after its window at which a checkout that Chapa does not close is left. */
  CHECKOUT_LAPSE_MINUTES: z.coerce.number().int().min(10).max(1440),
  /** Ages of a checkout at which it is verified; the last one repeats. */
  RECHECK_LADDER: ladder,
  /** Whether the listing service gets FAILED for finalised payments. */
  LISTING_HEARS_FAILED: flag,
  /** Days after the first checkout at which an unpaid payment is finalised, so that the listing service gets FAILED. */
  LISTING_FAILED_AFTER_DAYS: z.coerce.number().positive().max(365),
  /** Messages to payers a minute. The notification service fails those above its limit. */
  NOTIFICATIONS_PER_MINUTE: z.coerce.number().int().min(1).max(1_200),
  /** Days after which a message to a payer is not sent any more. The queue keeps it for a day longer. */
  NOTIFICATION_MAX_AGE_DAYS: z.coerce.number().int().min(1).max(13),
  /** Pages of Chapa's list that one daily comparison reads at most. */
  RECONCILE_PAGES: z.coerce.number().int().min(1).max(100_000),
  /** Initiate calls a minute, for each user. A program has its own limit, in the entry of its key. */
  RATE_LIMIT_INITIATE: perMinute,
  /** Logins a minute for each user name, and failed logins a minute for each address. */
  RATE_LIMIT_TOKEN: perMinute,
  /** Verifications a minute that all unverified notices together may cause. */
  RATE_LIMIT_TRIGGERS: perMinute,
} as const satisfies Record<string, z.ZodType>;

const Factor = z.coerce.number().positive();

/**
 * Returns the factor for the deadlines of outgoing calls: `DEADLINE_FACTOR`, or `SERVICE_DEADLINE_FACTOR` for Chapa and
 * the other services over HTTP; 1 by default. No stage sets them. Tests do, because their machine may be busy or they
 * wait for a deadline to pass.
 */
export function deadlineFactor(of: "stores" | "services", source = process.env): number {
  const text = of === "services" ? source["SERVICE_DEADLINE_FACTOR"] : undefined;
  return Factor.parse(text ?? source["DEADLINE_FACTOR"] ?? 1);
}

/** Whether this process is started by Lambda, which says how it starts its processes. */
export function startsInLambda(source = process.env): boolean {
  return source["AWS_LAMBDA_INITIALIZATION_TYPE"] !== undefined;
}

export type Variable = keyof typeof VARIABLES;
export type Env = { [Name in Variable]: z.output<(typeof VARIABLES)[Name]> };
/** A function's environment as text, before it is parsed. */
export type EnvText = { [Name in Variable]?: string };

export class EnvironmentInvalid extends Error {}

/** The values that could be parsed, and a sentence for each fault of the others. */
type Parsed = { values: Partial<Env>; faults: string[] };

/**
 * Parses the variables of `source` that have a name of ours, each for itself. The local cloud asks before any function
 * starts.
 * @returns a sentence for each fault
 */
export function faultsOf(source: EnvText): string[] {
  return parsed(namedIn(source), source).faults;
}

/**
 * Parses the values of a stage, as {@link faultsOf} does, and compares them with each other.
 * @returns a sentence for each fault; empty if every function can start with these values
 */
export function faultsOfStage(source: EnvText): string[] {
  const { values, faults } = parsed(namedIn(source), source);
  return [...faults, ...pagesElsewhere(values), ...limitBelowPrice(values)];
}

/**
 * Returns the named variables, parsed.
 * @throws EnvironmentInvalid that names all missing and malformed variables together
 */
export function readEnv<Name extends Variable>(names: readonly Name[], source: EnvText = process.env): Pick<Env, Name> {
  const { values, faults: each } = parsed(names, source);
  const faults = [...each, ...pagesElsewhere(values)];
  if (faults.length > 0) throw new EnvironmentInvalid(`The environment is not complete:\n${faults.join("\n")}`);
  return values as Pick<Env, Name>;
}

function parsed(names: readonly Variable[], source: EnvText): Parsed {
  const faults: string[] = [];
  const read: Record<string, unknown> = {};
  for (const name of names) {
    const text = source[name];
    const { data, error } = VARIABLES[name].safeParse(text);
    if (error === undefined) read[name] = data;
    else faults.push(text === undefined ? `${name} is missing.` : `${name} is malformed: ${sentenceOf(error)}.`);
  }
  return { values: read, faults };
}

function namedIn(source: EnvText): Variable[] {
  return (Object.keys(VARIABLES) as Variable[]).filter((name) => source[name] !== undefined);
}

function sentenceOf({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => [...path, message].join(": ")).join("; ");
}

/** One person must be able to send any price back. */
function limitBelowPrice({ REFUND_DAILY_LIMIT: limit, PRICE_BOOK: book }: Partial<Env>): string[] {
  const highest = Math.max(0, ...Object.values(book ?? {}).flatMap(({ amounts }) => amounts));
  return limit === undefined || limit >= highest ? [] : ["REFUND_DAILY_LIMIT is below the highest price."];
}

/** Browsers are sent only to the front end's own origins. */
function pagesElsewhere(values: Partial<Env>): string[] {
  const origins = values.FRONTEND_ORIGINS;
  if (!origins) return [];
  return (["FRONTEND_REDIRECT_URL", "FRONTEND_PENDING_URL"] as const)
    .filter((name) => values[name] && !origins.includes(new URL(values[name]).origin))
    .map((name) => `${name} is not at one of FRONTEND_ORIGINS.`);
}
