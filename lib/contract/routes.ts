import type { ErrorCode } from "../domain/vocabulary.ts";
import type { FunctionName } from "./functions.ts";

/** Roles of callers. The first four are users' roles at User Management; `service` is another program of ours. */
export const ROLES = ["owner", "tenant", "broker", "admin", "service"] as const;
export type Role = (typeof ROLES)[number];

/**
 * Who may call. `bearer`: users with a token. `bearer-or-key`: also programs with an API key. `iam`: programs whose
 * signature AWS has verified. `roles` are compared without regard to case; if they are absent, every role may call.
 */
export type Access =
  | { readonly kind: "public" }
  | { readonly kind: "bearer" | "bearer-or-key" | "iam"; readonly roles?: readonly Role[] };

export type Route = {
  readonly method: "GET" | "POST";
  /** With parameters in braces, as API Gateway writes them. */
  readonly path: string;
  readonly function: FunctionName;
  readonly access: Access;
};

/**
 * Every HTTP route. API Gateway, the local server and the tests are built from this list; nothing else is reachable.
 */
export const ROUTES = [
  {
    method: "POST",
    path: "/api/v1/payments/initiate",
    function: "initiate-payment",
    access: { kind: "bearer-or-key", roles: ["owner", "admin", "service"] },
  },
  {
    method: "GET",
    path: "/api/v1/payments/{payment_id}/status",
    function: "get-payment-status",
    access: { kind: "bearer-or-key" },
  },
  { method: "GET", path: "/api/v1/payments", function: "list-payments", access: { kind: "bearer-or-key" } },
  {
    method: "GET",
    path: "/api/v1/payments/{payment_id}",
    function: "get-payment",
    access: { kind: "bearer-or-key" },
  },
  {
    method: "GET",
    path: "/api/v1/payments/by-request/{request_id}",
    function: "get-payment-by-request",
    access: { kind: "bearer-or-key" },
  },
  {
    method: "GET",
    path: "/api/v1/payments/by-reference/{reference}",
    function: "get-payment-by-reference",
    access: { kind: "bearer-or-key" },
  },
  {
    method: "POST",
    path: "/api/v1/payments/{payment_id}/verify",
    function: "verify-payment",
    access: { kind: "bearer-or-key", roles: ["admin", "service"] },
  },
  {
    method: "POST",
    path: "/api/v1/payments/{payment_id}/cancel",
    function: "cancel-payment",
    access: { kind: "bearer", roles: ["owner", "admin"] },
  },
  {
    method: "POST",
    path: "/api/v1/payments/{payment_id}/attention/{entry}",
    function: "answer-attention",
    access: { kind: "bearer-or-key", roles: ["admin", "service"] },
  },
  {
    method: "POST",
    path: "/api/v1/payments/{payment_id}/review",
    function: "review-payment",
    access: { kind: "bearer-or-key", roles: ["admin", "service"] },
  },
  {
    method: "POST",
    path: "/api/v1/payments/{payment_id}/release",
    function: "release-payment",
    access: { kind: "bearer-or-key", roles: ["admin", "service"] },
  },
  {
    method: "POST",
    path: "/api/v1/payments/{payment_id}/refunds",
    function: "refund-payment",
    access: { kind: "bearer-or-key", roles: ["admin", "service"] },
  },
  {
    method: "POST",
    path: "/api/v1/payments/{payment_id}/refunds/{refund_id}",
    function: "refund-payment",
    access: { kind: "bearer-or-key", roles: ["admin", "service"] },
  },
  {
    method: "POST",
    path: "/api/v1/attention/answers",
    function: "answer-many",
    access: { kind: "bearer-or-key", roles: ["admin", "service"] },
  },
  {
    method: "GET",
    path: "/api/v1/payments/{payment_id}/deliveries",
    function: "get-deliveries",
    access: { kind: "bearer-or-key", roles: ["admin", "service"] },
  },
  {
    method: "GET",
    path: "/api/v1/totals",
    function: "get-totals",
    access: { kind: "bearer-or-key", roles: ["admin", "service"] },
  },
  {
    method: "GET",
    path: "/api/v1/overview",
    function: "get-overview",
    access: { kind: "bearer-or-key", roles: ["admin", "service"] },
  },
  {
    method: "GET",
    path: "/api/v1/reconcile",
    function: "get-comparison",
    access: { kind: "bearer-or-key", roles: ["admin", "service"] },
  },
  {
    method: "POST",
    path: "/api/v1/payments/{payment_id}/notifications",
    function: "notify-again",
    access: { kind: "bearer-or-key", roles: ["admin", "service"] },
  },
  {
    method: "POST",
    path: "/api/v1/reconcile/now",
    function: "reconcile-now",
    access: { kind: "bearer-or-key", roles: ["admin", "service"] },
  },
  {
    method: "POST",
    path: "/api/v1/pause",
    function: "pause-payments",
    access: { kind: "bearer-or-key", roles: ["admin", "service"] },
  },
  {
    method: "POST",
    path: "/api/v1/resume",
    function: "pause-payments",
    access: { kind: "bearer-or-key", roles: ["admin", "service"] },
  },
  {
    method: "GET",
    path: "/api/v1/payments/return/{tx_ref}",
    function: "payment-return",
    access: { kind: "public" },
  },
  {
    method: "GET",
    path: "/api/v1/payments/{payment_id}/checkout",
    function: "payment-checkout",
    access: { kind: "public" },
  },
  {
    method: "POST",
    path: "/api/v1/payments/{payment_id}/checkout",
    function: "payment-checkout",
    access: { kind: "public" },
  },
  {
    method: "GET",
    path: "/api/v1/payments/{payment_id}/receipt",
    function: "payment-receipt",
    access: { kind: "public" },
  },
  { method: "POST", path: "/api/v1/webhook/chapa", function: "chapa-webhook", access: { kind: "public" } },
  { method: "GET", path: "/api/v1/webhook/chapa", function: "chapa-webhook", access: { kind: "public" } },
  { method: "POST", path: "/token", function: "create-token", access: { kind: "public" } },
  { method: "POST", path: "/api/v1/token", function: "create-token", access: { kind: "public" } },
  { method: "GET", path: "/health", function: "get-health", access: { kind: "public" } },
  { method: "GET", path: "/api/v1/health", function: "get-health", access: { kind: "public" } },
  { method: "GET", path: "/metrics", function: "get-metrics", access: { kind: "public" } },
  { method: "GET", path: "/api/v1/metrics", function: "get-metrics", access: { kind: "public" } },
  { method: "GET", path: "/openapi.json", function: "get-openapi", access: { kind: "public" } },
  { method: "GET", path: "/docs", function: "get-docs", access: { kind: "public" } },
  { method: "GET", path: "/redoc", function: "get-docs", access: { kind: "public" } },
  { method: "GET", path: "/docs/{file}", function: "get-docs", access: { kind: "public" } },
  { method: "GET", path: "/console", function: "get-console", access: { kind: "public" } },
  { method: "GET", path: "/console/{file}", function: "get-console", access: { kind: "public" } },
  {
    method: "POST",
    path: "/internal/v1/payments/initiate",
    function: "initiate-payment",
    access: { kind: "iam", roles: ["service"] },
  },
  {
    method: "GET",
    path: "/internal/v1/payments/{payment_id}/status",
    function: "get-payment-status",
    access: { kind: "iam", roles: ["service"] },
  },
  {
    method: "GET",
    path: "/internal/v1/payments",
    function: "list-payments",
    access: { kind: "iam", roles: ["service"] },
  },
  {
    method: "GET",
    path: "/internal/v1/payments/{payment_id}",
    function: "get-payment",
    access: { kind: "iam", roles: ["service"] },
  },
  {
    method: "GET",
    path: "/internal/v1/payments/by-request/{request_id}",
    function: "get-payment-by-request",
    access: { kind: "iam", roles: ["service"] },
  },
  {
    method: "POST",
    path: "/internal/v1/payments/{payment_id}/verify",
    function: "verify-payment",
    access: { kind: "iam", roles: ["service"] },
  },
  {
    method: "POST",
    path: "/internal/v1/payments/{payment_id}/cancel",
    function: "cancel-payment",
    access: { kind: "iam", roles: ["service"] },
  },
  {
    method: "POST",
    path: "/internal/v1/payments/{payment_id}/attention/{entry}",
    function: "answer-attention",
    access: { kind: "iam", roles: ["service"] },
  },
  {
    method: "POST",
    path: "/internal/v1/payments/{payment_id}/review",
    function: "review-payment",
    access: { kind: "iam", roles: ["service"] },
  },
  {
    method: "POST",
    path: "/internal/v1/payments/{payment_id}/release",
    function: "release-payment",
    access: { kind: "iam", roles: ["service"] },
  },
  {
    method: "POST",
    path: "/internal/v1/payments/{payment_id}/refunds",
    function: "refund-payment",
    access: { kind: "iam", roles: ["service"] },
  },
  {
    method: "POST",
    path: "/internal/v1/payments/{payment_id}/refunds/{refund_id}",
    function: "refund-payment",
    access: { kind: "iam", roles: ["service"] },
  },
  {
    method: "POST",
    path: "/internal/v1/attention/answers",
    function: "answer-many",
    access: { kind: "iam", roles: ["service"] },
  },
  {
    method: "GET",
    path: "/internal/v1/payments/{payment_id}/deliveries",
    function: "get-deliveries",
    access: { kind: "iam", roles: ["service"] },
  },
  {
    method: "GET",
    path: "/internal/v1/totals",
    function: "get-totals",
    access: { kind: "iam", roles: ["service"] },
  },
  {
    method: "GET",
    path: "/internal/v1/overview",
    function: "get-overview",
    access: { kind: "iam", roles: ["service"] },
  },
  {
    method: "GET",
    path: "/internal/v1/reconcile",
    function: "get-comparison",
    access: { kind: "iam", roles: ["service"] },
  },
  {
    method: "GET",
    path: "/internal/v1/payments/by-reference/{reference}",
    function: "get-payment-by-reference",
    access: { kind: "iam", roles: ["service"] },
  },
  {
    method: "POST",
    path: "/internal/v1/payments/{payment_id}/notifications",
    function: "notify-again",
    access: { kind: "iam", roles: ["service"] },
  },
  {
    method: "POST",
    path: "/internal/v1/reconcile/now",
    function: "reconcile-now",
    access: { kind: "iam", roles: ["service"] },
  },
  {
    method: "POST",
    path: "/internal/v1/pause",
    function: "pause-payments",
    access: { kind: "iam", roles: ["service"] },
  },
  {
    method: "POST",
    path: "/internal/v1/resume",
    function: "pause-payments",
    access: { kind: "iam", roles: ["service"] },
  },
] as const satisfies readonly Route[];

/**
 * Returns the method of a route at API Gateway. A path that is read takes every method, so that HEAD needs no route of
 * its own; its function refuses the others.
 */
export function gatewayMethodOf(method: Route["method"]): "ANY" | "POST" {
  return method === "GET" ? "ANY" : method;
}

/** Returns the key of a route at API Gateway. */
export function gatewayKeyOf({ method, path }: Pick<Route, "method" | "path">): string {
  return `${gatewayMethodOf(method)} ${path}`;
}

/** Returns who may call the route with this API Gateway key; undefined for a route that is not listed. */
export function accessOf(routeKey: string): Access | undefined {
  return ROUTES.find((route) => gatewayKeyOf(route) === routeKey)?.access;
}

/** Returns the path of the page to which Chapa returns the payer's browser. */
export function returnPath(txRef: string): string {
  return `/api/v1/payments/return/${txRef}`;
}

/** Returns the path that leads to a payment's checkout for as long as the payment exists. */
export function checkoutPath(paymentId: string): string {
  return `/api/v1/payments/${paymentId}/checkout`;
}

/** Returns the address of a code's explanation, from the root of the API. */
export function problemType(code: ErrorCode): string {
  return `/docs/errors#${code}`;
}

export const WEBHOOK_PATH = "/api/v1/webhook/chapa";

/** The route that answers every request that no other route matches. */
export const NO_ROUTE = { key: "$default", function: "no-route" } as const;

/** Returns the methods that the most precise route for a path accepts; empty if no route matches. */
export function methodsAt(path: string): string[] {
  const routes = routesAt(path).map(({ route }) => route);
  const closest = routes.filter((route) => route.path === routes[0]?.path);
  return closest.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method]));
}

/** Returns the route that API Gateway chooses for a request; undefined if only the default route is left. */
export function routeFor(method: string, path: string): RouteMatch | undefined {
  const matches = routesAt(path).filter(({ route }) => route.method === method || route.method === "GET");
  const closest = matches.filter(({ route }) => route.path === matches[0]?.route.path);
  return closest.find(({ route }) => route.method === method) ?? closest[0];
}

export type RouteMatch = { route: Route; parameters: Record<string, string> };

/** Returns every route that matches a path, the one with the fewest parameters first, as API Gateway chooses. */
function routesAt(path: string): RouteMatch[] {
  return BY_PRECISION.flatMap((route) => {
    const parameters = parametersOf(route.path.split("/"), path.split("/"));
    return parameters ? [{ route, parameters }] : [];
  });
}

const BY_PRECISION: readonly Route[] = [...ROUTES].sort((a, b) =>
  parameterMask(a.path).localeCompare(parameterMask(b.path)),
);

function parameterMask(path: string): string {
  return path
    .split("/")
    .map((part) => (part.startsWith("{") ? "1" : "0"))
    .join("");
}

function parametersOf(pattern: readonly string[], path: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== path.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const actual = path[index] ?? "";
    const name = /^\{(.+)\}$/.exec(part)?.[1];
    if (name && actual) parameters[name] = actual;
    else if (part !== actual) return undefined;
  }
  return parameters;
}
