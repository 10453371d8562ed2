import type { Env } from "../contract/env.ts";
import { AuthSecret, GatewaySecret, WebhookSecret } from "../contract/secrets.ts";
import { systemClock } from "../runtime/clock.ts";
import { log } from "../runtime/logger.ts";
import { Secret, secretsClient } from "../runtime/secrets.ts";

export function createGatewaySecret(
  env: Pick<Env, "GATEWAY_SECRET_ARN">,
  client = secretsClient(),
): Secret<GatewaySecret> {
  return new Secret({ client, arn: env.GATEWAY_SECRET_ARN }, GatewaySecret, systemClock, log);
}

export function createAuthSecret(env: Pick<Env, "AUTH_SECRET_ARN">, client = secretsClient()): Secret<AuthSecret> {
  return new Secret({ client, arn: env.AUTH_SECRET_ARN }, AuthSecret, systemClock, log);
}

export function createWebhookSecret(env: Pick<Env, "WEBHOOK_SECRET_ARN">): Secret<WebhookSecret> {
  return new Secret({ client: secretsClient(), arn: env.WEBHOOK_SECRET_ARN }, WebhookSecret, systemClock, log);
}
