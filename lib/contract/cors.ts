/**
 * What browsers of other origins may send and read. The stage lists the allowed origins; credentials are never allowed.
 */
export const CORS = {
  methods: ["GET", "POST"],
  requestHeaders: ["authorization", "content-type", "idempotency-key", "if-none-match", "traceparent", "x-api-key"],
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
