import { createHash } from "node:crypto";
import type { EnvText } from "../lib/contract/env.ts";
import { PROGRAM_CALLS_PER_MINUTE } from "../lib/contract/secrets.ts";
import type { Queues } from "./queues.ts";
import type { Settings } from "./settings.ts";
import { PASSWORD, USERS } from "./users.ts";

/** The base URLs of one cloud's parts. */
export type Addresses = {
  table: string;
  secrets: string;
  api: string;
  chapa: string;
  users: string;
  listing: string;
  notification: string;
};

export const TABLE_NAME = "payments";
export const TX_STAGE = "chapa-payments-local";
export const SECRETS = { webhook: "local-webhook", auth: "local-auth", gateway: "local-gateway" } as const;
/** The page of the local cloud that stands in for the front end's, where none is set. */
export const PAID_PATH = "/payment/success";

const CHAPA_CHECKOUT_ORIGIN = "https://checkout.chapa.co";
// Where a front end under development usually runs.
const DEVELOPMENT_ORIGINS = "http://localhost:5173";

/** Origins of the front end's pages. */
export function frontendOrigins(settings: Settings): string[] {
  const named = (settings.FRONTEND_ORIGINS ?? DEVELOPMENT_ORIGINS).split(",").map((part) => part.trim());
  const targets = [settings.FRONTEND_REDIRECT_URL, settings.FRONTEND_PENDING_URL];
  return [...named, ...targets].flatMap((url) => (url ? new URL(url).origin : []));
}

/** Without a front end, the cloud's own front page stands in for its site. */
function siteFirst(settings: Settings, api: string): string[] {
  const origins = frontendOrigins(settings);
  return settings.FRONTEND_ORIGINS || settings.FRONTEND_REDIRECT_URL ? [...origins, api] : [api, ...origins];
}

/** The variables that the deployed stack sets for functions. Only the values of endpoints differ. */
export function functionEnvironment(
  settings: Settings,
  at: Addresses,
  queues: Pick<Queues, "url" | "deadLetterUrl">,
): Required<EnvText> {
  return {
    TABLE_NAME,
    TX_STAGE,
    RESOLVE_QUEUE_URL: queues.url("resolve"),
    LISTING_QUEUE_URL: queues.url("listing"),
    NOTIFICATION_QUEUE_URL: queues.url("notification"),
    SUCCESS_QUEUE_URL: queues.url("success"),
    NOTIFICATION_DLQ_URL: queues.deadLetterUrl("notification"),
    WEBHOOK_SECRET_ARN: SECRETS.webhook,
    AUTH_SECRET_ARN: SECRETS.auth,
    GATEWAY_SECRET_ARN: SECRETS.gateway,
    BASE_URL: settings.BASE_URL ?? at.api,
    CHAPA_BASE_URL: at.chapa,
    EXPECTED_MODE: settings.EXPECTED_MODE ?? "live",
    CHECKOUT_ORIGINS: settings.CHECKOUT_ORIGINS ?? `${new URL(at.chapa).origin},${CHAPA_CHECKOUT_ORIGIN}`,
    USER_MANAGEMENT_URL: at.users,
    TOKEN_VERIFY: settings.TOKEN_VERIFY ?? "remote",
    USER_LOOKUP_PATHS: settings.USER_LOOKUP_PATHS ?? "/users/{id},/admin/users/{id}",
    PROPERTY_LISTING_SERVICE_URL: at.listing,
    NOTIFICATION_SERVICE_URL: at.notification,
    FRONTEND_REDIRECT_URL: settings.FRONTEND_REDIRECT_URL ?? `${at.api}${PAID_PATH}`,
    FRONTEND_PENDING_URL: settings.FRONTEND_PENDING_URL ?? "",
    FRONTEND_ORIGINS: siteFirst(settings, at.api).join(","),
    OPERATOR_IDS: settings.OPERATOR_IDS ?? "",
    REFUND_DAILY_LIMIT: settings.REFUND_DAILY_LIMIT ?? "5000",
    SUPPORT_CONTACT: settings.SUPPORT_CONTACT ?? "",
    PRICE_BOOK: settings.PRICE_BOOK ?? '{"listing_fee":{"amounts":["500.00"]}}',
    PAYMENT_TIMEOUT_DAYS: settings.PAYMENT_TIMEOUT_DAYS ?? "7",
    CHECKOUT_TTL_MINUTES: settings.CHECKOUT_TTL_MINUTES ?? "60",
    CHECKOUT_LAPSE_MINUTES: settings.CHECKOUT_LAPSE_MINUTES ?? "60",
    RECHECK_LADDER: settings.RECHECK_LADDER ?? "2m,5m,10m,20m,65m,6h,1d",
    LISTING_HEARS_FAILED: settings.LISTING_HEARS_FAILED ?? "true",
    LISTING_FAILED_AFTER_DAYS: settings.LISTING_FAILED_AFTER_DAYS ?? "14",
    NOTIFICATIONS_PER_MINUTE: String(settings.NOTIFICATIONS_PER_MINUTE ?? 8),
    NOTIFICATION_MAX_AGE_DAYS: settings.NOTIFICATION_MAX_AGE_DAYS ?? "13",
    RECONCILE_PAGES: "2000",
    RATE_LIMIT_INITIATE: String(settings.RATE_LIMIT_INITIATE ?? 10),
    RATE_LIMIT_TOKEN: String(settings.RATE_LIMIT_TOKEN ?? 10),
    RATE_LIMIT_TRIGGERS: String(settings.RATE_LIMIT_TRIGGERS ?? 60),
  };
}

/** The variables that Lambda sets for the SDK, and the endpoints of the emulators. */
export function sdkEnvironment(at: Pick<Addresses, "table" | "secrets">, queues: Queues): Record<string, string> {
  return {
    AWS_REGION: "eu-west-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_ENDPOINT_URL_DYNAMODB: at.table,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: at.secrets,
    AWS_ENDPOINT_URL_SQS: queues.endpoint,
  };
}

/** The three secrets by name. Namespace and contact key are constants, because no data is kept after the process. */
export function secretValues(
  settings: Settings,
  keys: { chapa: string; notification: string; api: string; redis: { origin: string; token: string } },
): Map<string, object> {
  return new Map<string, object>([
    [SECRETS.webhook, { chapa_webhook_secret: settings.CHAPA_WEBHOOK_SECRET }],
    [
      SECRETS.auth,
      {
        jwt_secret: settings.JWT_SECRET,
        namespace: "local-namespace",
        api_keys: [
          {
            name: "local",
            sha256: createHash("sha256").update(keys.api).digest("hex"),
            roles: ["service"],
            calls_per_minute: settings.RATE_LIMIT_INITIATE ?? PROGRAM_CALLS_PER_MINUTE,
          },
        ],
        cursor_key: "local-cursor-key",
        upstash_url: keys.redis.origin,
        upstash_token: keys.redis.token,
      },
    ],
    [
      SECRETS.gateway,
      {
        chapa_secret_key: settings.CHAPA_SECRET_KEY ?? keys.chapa,
        contact_key: "local",
        contact_keys: { local: Buffer.alloc(32, 7).toString("base64") },
        listing_api_key: settings.PROPERTY_WEBHOOK_API_KEY,
        notification_bearer: keys.notification,
        user_management_login: { email: USERS.admin.email, password: PASSWORD },
      },
    ],
  ]);
}

/** Sets the process's environment for the functions of one cloud, and restores it afterwards. */
export class BorrowedEnvironment {
  readonly #before: NodeJS.ProcessEnv = { ...process.env };

  set(values: Record<string, string>): void {
    Object.assign(process.env, values);
  }

  giveBack(): void {
    for (const name of Object.keys(process.env)) {
      if (!(name in this.#before)) delete process.env[name];
    }
    Object.assign(process.env, this.#before);
  }
}
