// One example for each schema of the API's description that has a name.

const PAYMENT = {
  request_id: "0f8fad5b-d9cb-469f-a165-70867728950e",
  property_id: "b3e1d7aa-2f64-4c1b-8a1e-6c2f9d0e4a55",
  user_id: "6f1d2f0e-54a1-4c7e-9d54-0d6a4b0f1c11",
  amount: 500,
  currency: "ETB",
  mode: "live",
  purpose: "listing_fee",
  id: "cbe5adfa-96de-4dda-b2d7-ba2b1e6801e7",
  status: "PENDING",
  state: "PENDING",
  chapa_tx_ref: "SFJTVYMPVVETSDFE00Y9",
  checkout_url: "https://checkout.chapa.co/checkout/payment/V38ejWQhSpFWzSAZBqmlQrGkyhXQUOtx2Mu4ZTmFLbP",
  next_payment_id: null,
  created_at: "2026-11-28T06:00:00.000Z",
  updated_at: "2026-11-28T06:00:01.000Z",
  failure_reason: null,
  approved_at: null,
} as const;

const PAID = {
  ...PAYMENT,
  status: "SUCCESS",
  state: "SUCCESS",
  checkout_url: null,
  approved_at: "2026-11-28T06:03:00.000Z",
} as const;

const DECISION = { reason: "one birr is missing", version: 3 } as const;
const PROBLEM = {
  type: "about:blank#version_changed",
  title: "Version changed",
  status: 409,
  detail: "The payment has changed and is now at version 4. Please read it again before you decide.",
  code: "version_changed",
  request_id: "a1f0c2d4-0000-4000-8000-000000000001",
  changes: [
    { transition: "acceptReview", at: "2026-11-28T07:00:00.000Z", by: "user:6f1d2f0e-54a1-4c7e-9d54-0d6a4b0f1c11" },
  ],
} as const;

const HEALTH = { db: "ok", chapa_api: "ok", version: "0.1.0" } as const;
const ILL = {
  db: "ok",
  chapa_api: "error",
  chapa_api_error: "it did not answer the last check",
  version: "0.1.0",
} as const;

export const EXAMPLES = {
  InitiateRequest: {
    request_id: PAYMENT.request_id,
    property_id: PAYMENT.property_id,
    user_id: PAYMENT.user_id,
    amount: 500,
    currency: "ETB",
    purpose: "listing_fee",
  },
  AttentionAnswer: { reason: "the owner has a new listing", version: 3 },
  ReleaseRequest: { reason: "Chapa does not close the checkout", version: 3 },
  ReviewRequest: {
    decision: "reject",
    ...DECISION,
    captures: [{ capture: "APFT5WYNEPPS", keep: "moved to another fee by agreement" }],
  },
  AnswersRequest: { code: "listing_closed", before: "2026-11-28T08:00:00Z", reason: "the listings were restored" },
  AnswersResponse: {
    answers: [{ payment_id: PAYMENT.id, entry: "listing_closed-delivery", outcome: "answered" }],
    unreadable: [],
    has_more: false,
  },
  Payment: PAYMENT,
  PaymentDetail: {
    ...PAID,
    explanation:
      "Paid at 2026-11-28T06:03Z. The listing service acknowledged it at 2026-11-28T06:04Z. Nothing is left to do.",
    version: 3,
    late: false,
    finalised: false,
    attention: [],
    expires_at: null,
    attempts: [
      {
        number: 0,
        chapa_tx_ref: PAYMENT.chapa_tx_ref,
        amount: 500,
        mode: "live",
        opened_at: "2026-11-28T06:00:01.000Z",
        closed_at: null,
        end: "paid",
      },
    ],
    captures: [
      {
        attempt: 0,
        at: "2026-11-28T06:03:00.000Z",
        kind: "confirmed",
        amount: 500,
        currency: "ETB",
        mode: "live",
        method: "telebirr",
        reference: "APFT5WYNEPPS",
        back: [],
      },
    ],
    history: [
      { transition: "claim", at: "2026-11-28T06:00:00.000Z", by: "initiate", evidence: null },
      { transition: "open", at: "2026-11-28T06:00:01.000Z", by: "initiate", evidence: null },
      { transition: "confirm", at: "2026-11-28T06:03:00.000Z", by: "resolve:webhook", evidence: "paid APFT5WYNEPPS" },
    ],
  },
  ListedPayment: { ...PAID, attention: [], acknowledged_at: "2026-11-28T06:04:00.000Z" },
  PaymentPage: {
    data: [{ ...PAID, attention: [], acknowledged_at: "2026-11-28T06:04:00.000Z" }],
    has_more: true,
    next_cursor: "WyJTRkpUVllNUFZWRVRTREZFIiwxXQ.k3nq0y2vXo7o2m4H1YkL1g",
  },
  Problem: PROBLEM,
  GatewayAnswer: { message: "Forbidden" },
  ChapaWebhook: {
    event: "charge.success",
    tx_ref: PAYMENT.chapa_tx_ref,
    reference: "APFT5WYNEPPS",
    status: "success",
    amount: "500.00",
  },
  WebhookAnswer: { message: "accepted" },
  ApiDescription: { openapi: "3.1.0" },
  LoginRequest: { username: "abebe@rental.et", password: "correct horse battery staple" },
  Tokens: { access_token: "eyJhbGciOiJIUzI1NiJ9…", refresh_token: "eyJhbGciOiJIUzI1NiJ9…", token_type: "bearer" },
  Health: { status: "healthy", db: "ok", chapa_api: "ok", version: HEALTH.version },
  Unhealthy: {
    type: "about:blank#unhealthy",
    title: "Unhealthy",
    status: 503,
    code: "unhealthy",
    request_id: PROBLEM.request_id,
    detail: { status: "unhealthy", ...ILL },
    ...ILL,
  },
  Metrics: {
    total_payments: 120,
    pending_payments: 4,
    success_payments: 101,
    failed_payments: 15,
    webhook_calls: 230,
    initiate_calls: 140,
    status_calls: 900,
    timeout_jobs_run: 43_200,
    total_revenue: 50_500,
  },
} as const;
