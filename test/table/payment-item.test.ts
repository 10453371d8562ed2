import { expect, test } from "vitest";
import { flag } from "../../lib/domain/apply.ts";
import { Ref } from "../../lib/domain/ids.ts";
import { Santim } from "../../lib/domain/money.ts";
import { openFlags, type Payment } from "../../lib/domain/payment.ts";
import { DAY_MS } from "../../lib/domain/time.ts";
import { ATTENTION_CODES, STATES, TRANSITION_NAMES } from "../../lib/domain/vocabulary.ts";
import { fromItem, type Item, toItem, unknownWordsOf } from "../../lib/table/payment-item.ts";
import { TX_STAGE } from "../../local/environment.ts";
import { aClaim, aContext, anOpened, aRef, FEE, KEY, REPORTED, T0, TERMS } from "../support/payments.ts";

// What a row and a payment write alike.
const LEFT = { amount: Santim.parse(40_000), currency: "USD", mode: "live", key: KEY } as const;
const CAPTURES: Payment["captures"] & Item[] = [
  {
    ...REPORTED,
    attempt: 1,
    at: T0 + 11,
    kind: "confirmed",
    reference: "AP1",
    method: "telebirr",
    charge: Santim.parse(1_250),
    back: { refunded: Santim.parse(40_000), reversed: Santim.parse(0) },
    listed: true,
  },
  { attempt: 0, at: T0 + 12, kind: "duplicate" },
];

// A row with everything in it, as it lies in tables that exist. Whatever changes in the code, it must be read so.
const ROW = {
  pk: "P#G85FR23GHWFN3DNF",
  schema: 1,
  serial: 2,
  user_id: FEE.userId,
  property_id: FEE.propertyId,
  purpose: "listing_fee",
  state: "SUCCESS",
  version: 9,
  revision: 12,
  attempt: 1,
  ...TERMS,
  attempts: {
    0: { ...LEFT, opened_at: T0 + 1, closed_at: T0 + 2, end: "renewed", verify_at: T0 + 3 },
    1: {
      ...TERMS,
      opened_at: T0 + 4,
      lapsed_at: T0 + 21,
      last_read: "maybe_money",
      unpaid_read_at: T0 + 22,
      held_since: T0 + 23,
    },
  },
  lease: { holder: "me", until: T0 + 5, unsent: true, lost: 2 },
  checkout_url: "https://checkout.chapa.co/x",
  created_at: T0 + 6,
  updated_at: T0 + 7,
  began_at: T0 + 8,
  first_opened_at: T0 + 9,
  day: "2026-11-24#2",
  settled_at: T0 + 10,
  failure_reason: "Insufficient balance",
  late: true,
  finalised: true,
  captures: CAPTURES,
  attention: [
    {
      code: "duplicate",
      subject: "AP0",
      at: T0 + 13,
      answered: { at: T0 + 14, by: "admin", reason: "refunded" },
    },
    { code: "refund_unconfirmed", subject: "AP0.100.00", amount: Santim.parse(10_000), at: T0 + 15 },
  ],
  reports: [{ attempt: 1, reference: "AP1", amount: Santim.parse(10_000), at: T0 + 16 }],
  flag_at: T0 + 15,
  flag_shard: "0",
  acknowledged_at: T0 + 16,
  sent_at: T0 + 17,
  verified_at: T0 + 18,
  unreachable_since: T0 + 19,
  due_at: T0 + 20,
  due_shard: "2",
  history: ["claim 1795500000000 initiate", "confirm 1795500000001 resolve paid AP1 x"],
} satisfies Item;

const PAYMENT: Payment = {
  ref: Ref.parse("G85FR23GHWFN3DNF"),
  txStage: TX_STAGE,
  serial: 2,
  userId: FEE.userId,
  propertyId: FEE.propertyId,
  purpose: "listing_fee",
  state: "SUCCESS",
  version: 9,
  revision: 12,
  attempt: 1,
  terms: TERMS,
  attempts: {
    0: { ...LEFT, openedAt: T0 + 1, closedAt: T0 + 2, end: "renewed", verifyAt: T0 + 3 },
    1: {
      ...TERMS,
      openedAt: T0 + 4,
      lapsedAt: T0 + 21,
      lastRead: "maybe_money",
      unpaidReadAt: T0 + 22,
      heldSince: T0 + 23,
    },
  },
  lease: { holder: "me", until: T0 + 5, unsent: true, lost: 2 },
  checkoutUrl: "https://checkout.chapa.co/x",
  createdAt: T0 + 6,
  updatedAt: T0 + 7,
  beganAt: T0 + 8,
  firstOpenedAt: T0 + 9,
  settledAt: T0 + 10,
  failureReason: "Insufficient balance",
  late: true,
  finalised: true,
  captures: CAPTURES,
  attention: [
    {
      code: "duplicate",
      subject: "AP0",
      at: T0 + 13,
      answered: { at: T0 + 14, by: "admin", reason: "refunded" },
    },
    { code: "refund_unconfirmed", subject: "AP0.100.00", amount: Santim.parse(10_000), at: T0 + 15 },
  ],
  reports: [{ attempt: 1, reference: "AP1", amount: Santim.parse(10_000), at: T0 + 16 }],
  acknowledgedAt: T0 + 16,
  sentAt: T0 + 17,
  verifiedAt: T0 + 18,
  unreachableSince: T0 + 19,
  dueAt: T0 + 20,
  history: [
    { transition: "claim", at: 1_795_500_000_000, by: "initiate" },
    { transition: "confirm", at: 1_795_500_000_001, by: "resolve", evidence: "paid AP1 x" },
  ],
};

const ATTEMPT = { ...TERMS, opened_at: T0 };

test("a payment's row is read and written as it always was, field by field", () => {
  expect(fromItem(ROW, TX_STAGE)).toEqual(PAYMENT);
  expect(toItem(PAYMENT)).toStrictEqual(ROW);
});

test("a payment's row has no attribute for what is absent, at any depth", () => {
  const bare: Payment = {
    ...PAYMENT,
    attempts: { 0: { ...PAYMENT.terms, openedAt: T0, closedAt: undefined, end: undefined, verifyAt: undefined } },
    lease: { holder: "me", until: T0, unsent: undefined },
    captures: [{ attempt: 0, at: T0, kind: "reviewed", amount: undefined, reference: undefined }],
    attention: [{ code: "unmatched", subject: "AP1", at: T0, answered: undefined }],
  };
  expect(toItem(bare)).toMatchObject({
    attempts: { 0: { ...PAYMENT.terms, opened_at: T0 } },
    lease: { holder: "me", until: T0 },
  });
  const written = toItem(bare);
  expect(Object.keys(written["attempts"][0])).toEqual(["amount", "currency", "mode", "key", "opened_at"]);
  expect(Object.keys(written["lease"])).toEqual(["holder", "until"]);
  expect(written["captures"]).toStrictEqual([{ attempt: 0, at: T0, kind: "reviewed" }]);
  expect(written["attention"]).toStrictEqual([{ code: "unmatched", subject: "AP1", at: T0 }]);
});

test("a payment without money or attention has no attribute for them and is read as without", () => {
  const written = toItem(anOpened());
  for (const name of ["captures", "attention", "settled_at", "late", "finalised", "ttl", "lease"]) {
    expect(written).not.toHaveProperty(name);
  }
  expect(fromItem(written, TX_STAGE)).toMatchObject({ captures: [], attention: [] });
});

test("a payment's row is found by its oldest open attention, and by none once all is answered", () => {
  const answered = { at: T0 + 3, by: "admin", reason: "refunded" };
  const entries: Payment["attention"] = [
    { code: "duplicate", subject: "AP1", at: T0, answered },
    { code: "duplicate", subject: "AP2", at: T0 + 2 },
    { code: "duplicate", subject: "AP3", at: T0 + 1 },
  ];
  expect(toItem({ ...PAYMENT, attention: entries })).toMatchObject({ flag_at: T0 + 1, flag_shard: "0" });
  const settled = toItem({ ...PAYMENT, attention: entries.map((entry) => ({ ...entry, answered })) });
  for (const name of ["flag_at", "flag_shard"]) expect(settled).not.toHaveProperty(name);
});

test("a row that was never opened does not end by itself once a person was called about it", () => {
  const flagged = toItem(flag(aClaim(), { code: "not_found", subject: "attempt-0" }, aContext(T0)));
  expect(flagged).toMatchObject({ flag_at: T0 });
  for (const name of ["ttl", "day", "due_at"]) expect(flagged).not.toHaveProperty(name);
});

test("a payment's row is found by indexes only where it needs to be, and ends by itself only while nothing was opened", () => {
  const claim = { ...aClaim(), beganAt: T0 + 1 };
  const inert = toItem(claim);
  for (const name of ["day", "due_at", "due_shard"]) expect(inert).not.toHaveProperty(name);
  expect(inert).toMatchObject({ ttl: (T0 + 30 * DAY_MS) / 1000 + 1 });
  expect(toItem({ ...claim, next: aRef() })).not.toHaveProperty("ttl");
  expect(toItem({ ...anOpened(), dueAt: undefined })).not.toHaveProperty("due_shard");
});

test.each([
  ["state", STATES],
  ["mode", ["test", "live"]],
  ["currency", ["ETB", "USD"]],
])("a payment's row holds every %s that exists, and no other", (name, values) => {
  for (const value of values)
    expect(toItem(fromItem({ ...ROW, [name]: value }, TX_STAGE))).toEqual({ ...ROW, [name]: value });
  for (const value of ["", "OTHER", 7, undefined])
    expect(() => fromItem({ ...ROW, [name]: value }, TX_STAGE)).toThrow();
});

test("a payment's row holds every end, kind, code and transition that exists, and keeps one that a newer release added", () => {
  const nested = (change: Partial<Record<"end" | "kind" | "code" | "transition", string>>) => ({
    ...ROW,
    attempts: { 0: { ...ROW.attempts[0], end: change.end ?? "paid" } },
    captures: [{ ...ROW.captures[0], kind: change.kind ?? "reviewed" }],
    attention: [{ code: change.code ?? "unmatched", subject: "AP1", at: ROW.flag_at }],
    history: [`${change.transition ?? "open"} 5 x`],
  });
  const known: Record<string, readonly string[]> = {
    end: ["renewed", "failed", "expired", "cancelled", "superseded", "paid"],
    kind: ["confirmed", "reviewed", "duplicate"],
    code: ATTENTION_CODES,
    transition: TRANSITION_NAMES,
  };
  for (const [name, values] of Object.entries(known)) {
    for (const value of [...values, "other", "toString"]) {
      const row = nested({ [name]: value });
      const payment = fromItem(row, TX_STAGE);
      expect(toItem(payment)).toEqual(row);
      expect(unknownWordsOf(payment)).toHaveLength(values.includes(value) ? 0 : 1);
    }
    expect(() => fromItem(nested({ [name]: "" }), TX_STAGE)).toThrow();
  }
});

test("an open flag with an unknown code awaits a person, and each unknown word of a payment is named with its place", () => {
  const payment = fromItem(
    {
      ...ROW,
      attempts: { 0: { ...ROW.attempts[0], end: "lost" } },
      captures: [{ ...ROW.captures[0], kind: "split" }],
      attention: [
        { code: "frozen", subject: "AP1", at: T0 },
        { code: "thawed", subject: "AP1", at: T0, answered: { at: T0 + 1, by: "x", reason: "y" } },
      ],
      history: ["claim 5 x", "freeze 6 x"],
    },
    TX_STAGE,
  );
  expect(openFlags(payment)).toEqual(["frozen"]);
  expect(unknownWordsOf(payment)).toEqual([
    "attempts.end lost",
    "captures.kind split",
    "attention.code frozen",
    "attention.code thawed",
    "history freeze",
  ]);
});

test("attributes that a newer release added to an attempt, a capture or a flag are written back as they were", () => {
  const row = {
    ...ROW,
    attempts: { 0: { ...ROW.attempts[0], lapses: 2 }, 1: ROW.attempts[1] },
    captures: [
      { ...ROW.captures[0], back: { refunded: 10_000, reversed: 0, disputed: 5 }, disputed: true },
      ROW.captures[1],
    ],
    attention: [{ ...ROW.attention[0], until: T0 }, ...ROW.attention.slice(1)],
  };
  expect(toItem(fromItem(row, TX_STAGE))).toStrictEqual(row);
});

test.each([
  ..."pk schema serial state version attempt amount currency mode attempts".split(" "),
  ..."created_at updated_at began_at history".split(" "),
])("a row without %s is no payment", (name) => {
  expect(() => fromItem({ ...ROW, [name]: undefined }, TX_STAGE)).toThrow();
});

test.each<[string, Item]>([
  ["of another kind", { pk: "R#G85FR23GHWFN3DNF" }],
  ["of a key that is no reference", { pk: "P#short" }],
  ["of a later schema", { schema: 2 }],
  ["with half a version", { version: 1.5 }],
  ["with half an attempt", { attempt: 0.5 }],
  ["with half a serial", { serial: 0.5 }],
  ["with half a millisecond", { created_at: 0.5 }],
  ["with a negative amount", { amount: -1 }],
  ["with a capture of half an attempt", { captures: [{ attempt: 0.5, at: T0, kind: "confirmed" }] }],
  ["with money that went back as a text", { captures: [{ ...ROW.captures[0], back: { refunded: "1", reversed: 0 } }] }],
  ["with an answer of nobody", { attention: [{ ...ROW.attention[0], answered: { at: T0, reason: "seen" } }] }],
  ["with a report of half an attempt", { reports: [{ attempt: 0.5, at: T0 }] }],
  ["with a refund of no capture", { refunds: [{ id: "r", amount: 1, state: "SENT", by: "x", reason: "y", at: T0 }] }],
  ["of a request with more than an id", { request_id: `${"A".repeat(22)}AA` }],
  ["of a request with something before the id", { request_id: `AA${"A".repeat(22)}` }],
  ["with attention to nothing", { attention: [{ code: "unmatched", at: T0 }] }],
  ["with a checkout that was never opened", { attempts: { 0: { amount: 1, currency: "ETB", mode: "test" } } }],
  ["with a lease of nobody", { lease: { until: T0 } }],
  ["with a flag that is false", { late: false }],
  ["of a user who is none", { user_id: "abebe" }],
  ["whose history names no move", { history: [" 5 x"] }],
  ["whose history says no moment", { history: ["claim"] }],
  ["whose history says nobody", { history: ["claim 5"] }],
  ["whose history has a moment with something before it", { history: ["claim x5 me"] }],
  ["whose history has a moment with something behind it", { history: ["claim 5x me"] }],
  ["whose history has a moment in hexadecimal", { history: ["claim 0x5 me"] }],
  ["whose history has a moment with an exponent", { history: ["claim 1e3 me"] }],
  ["with an attempt of five digits", { attempts: { 12345: ATTEMPT } }],
  ["with something before an attempt's number", { attempts: { x1: ATTEMPT } }],
  ["with something behind an attempt's number", { attempts: { "1x": ATTEMPT } }],
])("a row %s is no payment", (_name, change) => {
  expect(() => fromItem({ ...ROW, ...change }, TX_STAGE)).toThrow();
});

test("a payment's row whose history is broken says so without repeating what stands there", () => {
  const issue = { code: "custom", message: "not a transition", path: ["history", 0] };
  expect(() => fromItem({ ...ROW, history: ["stole x"] }, TX_STAGE)).toThrow(
    expect.objectContaining({ issues: [expect.objectContaining(issue)] }),
  );
});

test("a payment's row may have attempts of one digit to four", () => {
  const attempts = { 7: ATTEMPT, 1023: ATTEMPT };
  expect(Object.keys(fromItem({ ...ROW, attempts }, TX_STAGE).attempts)).toEqual(["7", "1023"]);
});

test("a payment's row keeps a history entry apart: transition, moment, who, and the whole evidence or none", () => {
  const history = [
    { transition: "claim", at: 5, by: "a", evidence: undefined },
    { transition: "open", at: 6, by: "b", evidence: "x y z" },
  ] as const;
  const written = toItem({ ...PAYMENT, history });
  expect(written["history"]).toEqual(["claim 5 a", "open 6 b x y z"]);
  expect(fromItem(written, TX_STAGE).history).toEqual(history);
});

test("refunds and the request's id are stored under names of their own, and each unknown word of them is named", () => {
  const refund = {
    id: "r-1",
    capture: "AP0",
    amount: Santim.parse(7),
    state: "SETTLED",
    by: "x",
    reason: "y",
    at: T0,
  } as const;
  const steps = { sentAt: T0 + 1, sentBy: "z", settledAt: T0 + 2, chapaRef: "C", refusal: "no", checkAt: T0 + 3 };
  const refunds = (["REQUESTED", "SENT"] as const).map((before) => ({ ...refund, ...steps, before }));
  const payment = { ...anOpened(), refunds, requestId: FEE.userId };
  const item = toItem(payment);
  expect(item["refunds"][0]).toEqual({
    ...refund,
    sent_at: T0 + 1,
    sent_by: "z",
    settled_at: T0 + 2,
    chapa_ref: "C",
    refusal: "no",
    check_at: T0 + 3,
    before: "REQUESTED",
  });
  expect(item["request_id"]).toBe(Buffer.from(FEE.userId.replaceAll("-", ""), "hex").toString("base64url"));
  const read = fromItem(item, TX_STAGE);
  expect([read.refunds, read.requestId]).toEqual([refunds, FEE.userId]);
  for (const request_id of [`${item["request_id"]}A`, `A${item["request_id"]}`, "short"])
    expect(() => fromItem({ ...item, request_id }, TX_STAGE)).toThrow();
  const odd = { ...item["refunds"][0], state: "PARKED" };
  const attempts = { 0: { ...item["attempts"][0], last_read: "murky" } };
  expect(unknownWordsOf(fromItem({ ...item, refunds: [odd], attempts }, TX_STAGE))).toEqual([
    "attempts.last_read murky",
    "refunds.state PARKED",
  ]);
});

test("links made by support are stored with what a newer release wrote beside them, and without them there is no attribute", () => {
  const supportLinks = [{ at: T0, by: "user:x", reason: "a <b>reason</b>\nin two lines" }];
  const item = toItem({ ...anOpened(), supportLinks });
  expect(item["support_links"]).toEqual(supportLinks);
  const newer = { ...item, support_links: [{ ...supportLinks[0], channel: "phone" }] };
  expect(toItem(fromItem(newer, TX_STAGE))["support_links"]).toEqual(newer.support_links);
  expect(toItem(anOpened())).not.toHaveProperty("support_links");
  for (const broken of [{ at: -1 }, { by: 7 }, { reason: undefined }])
    expect(() => fromItem({ ...item, support_links: [{ ...supportLinks[0], ...broken }] }, TX_STAGE)).toThrow();
});
