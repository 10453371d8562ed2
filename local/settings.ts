import * as z from "zod";
import { faultsOf } from "../lib/contract/env.ts";
import { ChapaKey } from "../lib/contract/secrets.ts";
import { CURRENCIES, MODES } from "../lib/domain/vocabulary.ts";
import { ENGINES } from "./dynamo/engine.ts";

const url = z.url({ protocol: /^https?$/ }).optional();
const perMinute = z.coerce.number().int().min(1).optional();

/**
 * The settings of the local cloud. Each is an environment variable of the same name. An address replaces the simulator
 * or the double of that service.
 */
export const Settings = z.object({
  CHAPA_BASE_URL: url,
  CHAPA_SECRET_KEY: ChapaKey.optional(),
  CHAPA_WEBHOOK_SECRET: z.string().min(8).default("sim-webhook-secret"),
  CHECKOUT_ORIGINS: z.string().optional(),
  EXPECTED_MODE: z.enum(MODES).optional(),
  USER_MANAGEMENT_URL: url,
  TOKEN_VERIFY: z.enum(["remote", "local", "remote-with-fallback"]).optional(),
  JWT_SECRET: z.string().min(8).default("local-jwt-secret-shared-by-the-siblings"),
  USER_LOOKUP_PATHS: z.string().optional(),
  PROPERTY_LISTING_SERVICE_URL: url,
  PROPERTY_WEBHOOK_API_KEY: z.string().min(1).default("local-listing-webhook-key"),
  NOTIFICATION_SERVICE_URL: url,
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  NOTIFICATIONS_PER_MINUTE: perMinute,
  NOTIFICATION_MAX_AGE_DAYS: z.string().optional(),
  RATE_LIMIT_INITIATE: perMinute,
  RATE_LIMIT_TOKEN: perMinute,
  RATE_LIMIT_TRIGGERS: perMinute,
  RECHECK_LADDER: z.string().optional(),
  PAYMENT_TIMEOUT_DAYS: z.string().optional(),
  CHECKOUT_TTL_MINUTES: z.string().optional(),
  CHECKOUT_LAPSE_MINUTES: z.string().optional(),
  LISTING_HEARS_FAILED: z.enum(["true", "false"]).optional(),
  LISTING_FAILED_AFTER_DAYS: z.string().optional(),
  PRICE_BOOK: z.string().optional(),
  FRONTEND_REDIRECT_URL: url,
  FRONTEND_PENDING_URL: z.string().optional(),
  FRONTEND_ORIGINS: z.string().optional(),
  SUPPORT_CONTACT: z.string().optional(),
  OPERATOR_IDS: z.string().optional(),
  REFUND_DAILY_LIMIT: z.string().optional(),
  BASE_URL: url,
  PAYMENT_SERVICE_API_KEY: z.string().min(1).optional(),
  FIXED_AMOUNT: z
    .string()
    .regex(/^\d{1,7}(\.\d{1,2})?$/, "not an amount in birr")
    .optional(),
  CURRENCY: z.enum(CURRENCIES).optional(),
  LOCAL_DYNAMODB: z.enum(ENGINES).optional(),
});
export type Settings = z.output<typeof Settings>;

export class SettingsInvalid extends Error {}

/** Reads and validates the settings. @throws SettingsInvalid naming every invalid variable */
export function readSettings(source: Record<string, string | undefined>): Settings {
  // An empty variable counts as not set.
  const given = Object.entries(source).filter(([name, value]) => name in Settings.shape && value);
  const values = withEarlierNames(Object.fromEntries(given));
  const parsed = Settings.safeParse(values);
  const ofFunctions = faultsOf(values);
  if (parsed.success && ofFunctions.length === 0) return withKey(parsed.data);
  const issues = parsed.error?.issues ?? [];
  const isNamed = (name: string) => ofFunctions.some((fault) => fault.startsWith(`${name} `));
  const ofCloud = issues.flatMap(({ path, message }) =>
    isNamed(path.join(".")) ? [] : [`${path.join(".")} is malformed: ${message}.`],
  );
  const faults = [...ofFunctions, ...ofCloud];
  throw new SettingsInvalid(`These variables cannot be used:\n${faults.join("\n")}`);
}

/** Adds what the variables of the earlier service say in this one's words. What is set in these words wins. */
function withEarlierNames(values: Values): Values {
  const { PAYMENT_SERVICE_API_KEY, FIXED_AMOUNT, CURRENCY } = values;
  const price = { amounts: [FIXED_AMOUNT ?? "500.00"], ...(CURRENCY ? { currency: CURRENCY } : {}) };
  return {
    ...(PAYMENT_SERVICE_API_KEY ? { PROPERTY_WEBHOOK_API_KEY: PAYMENT_SERVICE_API_KEY } : {}),
    ...(FIXED_AMOUNT || CURRENCY ? { PRICE_BOOK: JSON.stringify({ listing_fee: price }) } : {}),
    ...values,
  };
}

type Values = Record<string, string | undefined>;

/** Another Chapa knows no key of the simulator. */
function withKey(settings: Settings): Settings {
  if (!settings.CHAPA_BASE_URL || settings.CHAPA_SECRET_KEY) return settings;
  throw new SettingsInvalid(
    `CHAPA_BASE_URL is ${settings.CHAPA_BASE_URL}, so CHAPA_SECRET_KEY must be set: it is that Chapa's key.`,
  );
}
