import type { FunctionName } from "./functions.ts";

/** Who may call. `roles` are compared without regard to case; an absent list means every role. */
export type Access = { readonly kind: "public" } | { readonly kind: "bearer"; readonly roles?: readonly string[] };

export type Route = {
  readonly method: "GET" | "POST";
  /** With `{names}` in braces, as API Gateway writes them. */
  readonly path: string;
  readonly function: FunctionName;
  readonly access: Access;
};

/** Every HTTP route. API Gateway, the local server and the tests are made from this list; nothing else is reachable. */
export const ROUTES = [
  {
    method: "POST",
    path: "/api/v1/payments/initiate",
    function: "initiate-payment",
    access: { kind: "bearer", roles: ["owner"] },
  },
  {
    method: "GET",
    path: "/api/v1/payments/{payment_id}/status",
    function: "get-payment-status",
    access: { kind: "bearer" },
  },
  {
    method: "GET",
    path: "/api/v1/payments/return/{tx_ref}",
    function: "payment-return",
    access: { kind: "public" },
  },
  { method: "POST", path: "/api/v1/webhook/chapa", function: "chapa-webhook", access: { kind: "public" } },
  { method: "GET", path: "/api/v1/webhook/chapa", function: "chapa-webhook", access: { kind: "public" } },
] as const satisfies readonly Route[];

/** The route that a function serves first; its access rule holds for all of them. */
export function routeOf(name: FunctionName): Route {
  const route = ROUTES.find((candidate) => candidate.function === name);
  if (!route) throw new Error(`no route leads to ${name}`);
  return route;
}

/** Path of the page that Chapa sends the payer's browser back to. */
export function returnPath(txRef: string): string {
  return `/api/v1/payments/return/${txRef}`;
}

export const WEBHOOK_PATH = "/api/v1/webhook/chapa";
