import * as z from "zod";

const text = z.string().min(8);

/** The one secret that the public webhook may read. The previous one is honoured while Chapa's dashboard is changed. */
export const WebhookSecret = z.object({
  chapa_webhook_secret: text,
  chapa_webhook_secret_previous: text.optional(),
});

/** What proves who a caller is. `namespace` keeps our ids from being computed outside, and is never rotated. */
export const AuthSecret = z.object({ jwt_secret: text, namespace: text });

/** What opens other people's doors. `contact_keys` are 32 bytes in base64 by key id; `contact_key` names the one to write with. */
export const GatewaySecret = z
  .object({
    chapa_secret_key: z.string().regex(/^(CHASECK_TEST|CHASECK|CHAPA-SECK)-/, "not a secret key of Chapa's API v1"),
    contact_key: z.string().min(1),
    contact_keys: z.record(z.string(), z.base64()),
    listing_api_key: z.string(),
    notification_bearer: z.string().optional(),
  })
  .refine(({ contact_key, contact_keys }) => contact_key in contact_keys, "contact_key is not among contact_keys");
export type GatewaySecret = z.infer<typeof GatewaySecret>;
