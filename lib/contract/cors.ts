/** What browsers of other origins may send and read. The origins are a stage's own, exactly; credentials never. */
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
