/**
 * What browsers of other origins may send and read. The stage lists the allowed origins; credentials are never allowed.
 */
export const CORS = {
  methods: ["GET", "POST"],
  requestHeaders: [
    "authorization",
    "baggage",
    "cache-control",
    "content-type",
    "idempotency-key",
    "if-none-match",
    "pragma",
    "traceparent",
    "tracestate",
    "x-api-key",
    "x-request-id",
    "x-requested-with",
  ],
  responseHeaders: [
    "etag",
    "idempotent-replayed",
    "link",
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
    "x-request-id",
  ],
  maxAgeSeconds: 7_200,
} as const;
