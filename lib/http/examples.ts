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
  failure_code: null,
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
  type: "/docs/errors#version_changed",
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

const ACKNOWLEDGED = { outcome: "acknowledged", at: "2026-11-28T06:04:00.000Z", next_at: null } as const;
const METRICS = {
  total_payments: 120,
  pending_payments: 4,
  success_payments: 101,
  failed_payments: 15,
  webhook_calls: 230,
  initiate_calls: 140,
  status_calls: 900,
  timeout_jobs_run: 43_200,
  total_revenue: 50_500,
} as const;
const NOTHING_WAITS = { count: 0, since: null } as const;

const PAUSE = {
  stopped: "paused",
  reason: "the table is being restored",
  by: "user:6f1d2f0e-54a1-4c7e-9d54-0d6a4b0f1c11",
  since: "2026-11-28T08:00:00.000Z",
  until: "2026-11-28T09:00:00.000Z",
  resumed: null,
} as const;

const REFUND = {
  id: "moved-2026-11-28",
  capture: "APFT5WYNEPPS",
  amount: 100,
  state: "SETTLED",
  by: "user:6f1d2f0e-54a1-4c7e-9d54-0d6a4b0f1c11",
  reason: "the price was lower",
  at: "2026-11-28T07:00:00.000Z",
  settled_at: "2026-11-28T09:00:00.000Z",
  refusal: null,
} as const;

export const EXAMPLES = {
  Refund: REFUND,
  RefundRequest: { refund_id: REFUND.id, capture: REFUND.capture, amount: 100, reason: REFUND.reason, version: 3 },
  RefundOutcomeRequest: { outcome: "settled", reason: "the dashboard shows it as refunded", version: 5 },
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
  ReconcileRequest: { reason: "Chapa's dashboard shows money that we do not" },
  ReconcileResponse: { outcome: "done", verifications: 2, findings: 1 },
  PauseRequest: { reason: "the table is being restored", until: "2026-11-28T09:00:00Z" },
  ResumeRequest: { reason: "the comparison found nothing", restored: true },
  Pause: PAUSE,
  NotificationsRequest: { target: "payer", reason: "their phone was off", version: 3 },
  AnswersRequest: { code: "listing_closed", before: "2026-11-28T08:00:00Z", reason: "the listings were restored" },
  AnswersResponse: {
    answers: [{ payment_id: PAYMENT.id, entry: "listing_closed-delivery", outcome: "answered" }],
    unreadable: [],
    has_more: false,
  },
  Payment: PAYMENT,
  PaymentStatus: {
    ...PAYMENT,
    chapa_tx_ref: "********",
    reference: PAYMENT.chapa_tx_ref,
    support_reason: null,
    retry_after: 3,
  },
  PaymentDetail: {
    ...PAID,
    explanation:
      "Paid at 2026-11-28T06:03Z. The listing service acknowledged it at 2026-11-28T06:04Z. Nothing is left to do.",
    previous_payment_id: null,
    listing: ACKNOWLEDGED,
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
    refundable: 400,
    refunds: [REFUND],
    support_links: [
      {
        at: "2026-11-28T06:00:00.000Z",
        by: "user:6f1d2f0e-54a1-4c7e-9d54-0d6a4b0f1c11",
        reason: "You asked us for a link on the phone",
      },
    ],
    history: [
      { transition: "claim", at: "2026-11-28T06:00:00.000Z", by: "initiate", evidence: null },
      { transition: "open", at: "2026-11-28T06:00:01.000Z", by: "initiate", evidence: null },
      { transition: "confirm", at: "2026-11-28T06:03:00.000Z", by: "resolve:webhook", evidence: "paid APFT5WYNEPPS" },
    ],
  },
  ListedPayment: { ...PAID, attention: [], listing: ACKNOWLEDGED },
  PaymentPage: {
    data: [{ ...PAID, attention: [], listing: ACKNOWLEDGED }],
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
    type: "/docs/errors#unhealthy",
    title: "Unhealthy",
    status: 503,
    code: "unhealthy",
    request_id: PROBLEM.request_id,
    detail: { status: "unhealthy", ...ILL },
    ...ILL,
  },
  Metrics: METRICS,
  ListingDelivery: ACKNOWLEDGED,
  Deliveries: {
    listing: ACKNOWLEDGED,
    payer: [
      {
        event: "paid",
        version: 3,
        outcome: "sent",
        tries: 1,
        tried_at: "2026-11-28T06:04:00.000Z",
        sent_at: "2026-11-28T06:04:01.000Z",
      },
    ],
  },
  TotalsByDay: { days: [{ day: "2026-11-28", ...METRICS }], sum: METRICS, unreadable: [] },
  Comparison: {
    state: "complete",
    day: "2026-11-28",
    started_at: "2026-11-27T21:00:00.000Z",
    ended_at: "2026-11-27T21:00:09.000Z",
    found: 1,
    findings: [{ reason: "foreign", payment_id: null, chapa_tx_ref: null, reference: "AP4KQD4UNMCX", amount: null }],
  },
  Overview: {
    at: "2026-11-28T07:00:00.000Z",
    attention: { count: 1, since: "2026-11-28T06:30:00.000Z", codes: { mismatch: 1 } },
    waiting: {
      undecided: { count: 4, since: "2026-11-27T08:00:00.000Z" },
      review: { count: 1, since: "2026-11-28T06:30:00.000Z" },
      unacknowledged: NOTHING_WAITS,
      overdue: NOTHING_WAITS,
    },
    is_whole: true,
    unreadable: 0,
    chapa: { health: "ok", detail: null },
    listing: { health: "ok" },
    notification: { health: "ok", until: null },
    payments: PAUSE,
    today: METRICS,
    month: METRICS,
  },
} as const;
