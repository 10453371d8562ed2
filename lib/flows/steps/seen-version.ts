import { changesSince } from "../../domain/decisions.ts";
import { VersionChanged } from "../../domain/errors.ts";
import type { Payment } from "../../domain/payment.ts";

/** Requires that the payment is as the person who decides saw it. @throws VersionChanged with what changed since */
export function requireSeen(payment: Payment, version: number): void {
  if (payment.version === version) return;
  const changes = changesSince(payment, version).map(({ transition, at, by }) => ({
    transition,
    at: new Date(at).toISOString(),
    by,
  }));
  throw new VersionChanged(payment.version, changes);
}
