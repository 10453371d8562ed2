import * as z from "zod";
import { ROLES } from "./routes.ts";

// A copied value may carry a line break. It would break every signature, or every call that sends it in a header.
const text = z.string().trim().min(8);
const headerText = z
  .string()
  .trim()
  .regex(/^[\x21-\x7e]+$/, "not what a header can carry: visible ASCII without spaces");

/**
 * The only secret that the public webhook may read. The previous value stays valid while an operator changes Chapa's
 * dashboard.
 */
export const WebhookSecret = z.object({
  chapa_webhook_secret: text,
  chapa_webhook_secret_previous: text.optional(),
});
export type WebhookSecret = z.infer<typeof WebhookSecret>;

/** Calls a minute of a program whose entry names no limit, or that signs its requests. */
export const PROGRAM_CALLS_PER_MINUTE = 120;

/**
 * One program's key, as its SHA-256 in hex, and what the program may do: its roles, and its calls a minute. Two keys may
 * share a name while one replaces the other.
 */
export const ApiKey = z.object({
  name: z.string().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "not a SHA-256 in hex"),
  roles: z.array(z.enum(ROLES)).min(1),
  calls_per_minute: z.number().int().min(1).max(1_000_000).default(PROGRAM_CALLS_PER_MINUTE),
});
export type ApiKey = z.infer<typeof ApiKey>;

/**
 * Secrets that authenticate callers. `namespace` keeps outsiders from computing our ids and is never rotated.
 * `cursor_key` signs the cursors of lists and hashes tokens in caches; it may be rotated.
 */
export const AuthSecret = z.object({
  jwt_secret: text,
  jwt_secret_previous: text.optional(),
  namespace: text,
  api_keys: z.array(ApiKey).default([]),
  cursor_key: text,
  upstash_url: z.url().optional(),
  upstash_token: headerText.optional(),
});
export type AuthSecret = z.infer<typeof AuthSecret>;

const V1_KEY = /^(CHASECK_TEST|CHASECK|CHAPA-SECK)-/;
const V2_KEY = /^CHAPA_(TEST|LIVE)_/;

/** A secret key of Chapa. The two APIs of Chapa refuse each other's keys. */
export const ChapaKey = headerText.refine((key) => V1_KEY.test(key), {
  error: ({ input }) =>
    V2_KEY.test(String(input))
      ? "a key of Chapa's API v2, and this release speaks v1, whose keys begin with CHASECK"
      : "not a secret key of Chapa's API v1",
});

/**
 * Secrets for the services that we call. `contact_keys` maps a key id to 32 bytes in base64; `contact_key` names the
 * key that encrypts.
 */
export const GatewaySecret = z
  .object({
    chapa_secret_key: ChapaKey,
    /** Former keys, newest first. They read the checkouts that they opened. */
    chapa_secret_keys_previous: z.array(ChapaKey).max(8).default([]),
    contact_key: z.string().min(1),
    contact_keys: z.record(z.string(), z.base64()),
    listing_api_key: headerText,
    notification_bearer: headerText.optional(),
    /** Login of an administrator at User Management. With it we look users up when a program asks on their behalf. */
    user_management_login: z.object({ email: z.string(), password: z.string() }).optional(),
  })
  .refine(({ contact_key, contact_keys }) => Object.hasOwn(contact_keys, contact_key), {
    error: "contact_key is not among contact_keys",
    path: ["contact_key"],
  });
export type GatewaySecret = z.infer<typeof GatewaySecret>;
