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
    keys: {
      get: async () => keysOf(await secret.get()),
      renewed: async () => keysOf(await secret.renewed()),
    },
    send: call,
  });
}

function keysOf({ chapa_secret_key, chapa_secret_keys_previous }: GatewaySecret): readonly string[] {
  return [chapa_secret_key, ...chapa_secret_keys_previous];
}
