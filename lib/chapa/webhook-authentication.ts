import type { WebhookSecret } from "../contract/secrets.ts";
import { Unauthenticated } from "../domain/errors.ts";
import type { Log } from "../runtime/logger.ts";
import type { Count } from "../runtime/metrics.ts";
import type { Secret } from "../runtime/secrets.ts";
import { judgeSignature, type SignatureHeaders } from "./signature.ts";

export type WebhookAuthenticationPorts = {
  secret: Pick<Secret<WebhookSecret>, "get" | "renewed">;
  log: Pick<Log, "warn">;
  count: Count;
};

/**
 * Whether Chapa signed exactly these bytes.
 * @returns false for the constant header: the call is only an unverified notice
 * @throws Unauthenticated for a missing, malformed or wrong signature
 */
export async function isAuthenticWebhook(
  { secret, log, count }: WebhookAuthenticationPorts,
  raw: Uint8Array,
  headers: SignatureHeaders,
): Promise<boolean> {
  let verdict = judgeSignature(raw, headers, secretsOf(await secret.get()));
  // The secret may have been rotated since this process read it.
  if (verdict === "wrong") verdict = judgeSignature(raw, headers, secretsOf(await secret.renewed()));
  if (verdict === "authentic" || verdict === "constant") return verdict === "authentic";
  count("WebhookRefused");
  log.warn("webhook_refused", { verdict, bytes: raw.length });
  throw new Unauthenticated(verdict === "absent" ? "X-Chapa-Signature header missing" : "Invalid webhook signature");
}

function secretsOf({ chapa_webhook_secret, chapa_webhook_secret_previous }: WebhookSecret): string[] {
  return [chapa_webhook_secret, chapa_webhook_secret_previous ?? []].flat();
}
