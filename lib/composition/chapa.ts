import { ChapaClient } from "../chapa/client.ts";
import type { Env } from "../contract/env.ts";
import type { GatewaySecret } from "../contract/secrets.ts";
import { call } from "../runtime/call.ts";
import type { Secret } from "../runtime/secrets.ts";

export function createChapa(
  env: Pick<Env, "CHAPA_BASE_URL" | "CHECKOUT_ORIGINS">,
  secret: Secret<GatewaySecret>,
): ChapaClient {
  return new ChapaClient({
    baseUrl: env.CHAPA_BASE_URL,
    checkoutOrigins: env.CHECKOUT_ORIGINS,
    secretKey: {
      get: async () => (await secret.get()).chapa_secret_key,
      renewed: async () => (await secret.renewed()).chapa_secret_key,
    },
    send: call,
  });
}
