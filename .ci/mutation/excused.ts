/** A mutant that no test can detect, and why. `code` and `becomes` are as the list of survivors shows them. */
export type Excuse = { file: string; code: string; becomes: string; times?: number; reason: string };

const UNDEFINED_IS_NEVER_MORE =
  "A comparison with undefined is always false, so the result is the same. Only the compiler needs this condition.";
const FOR_THE_COMPILER = "The value is never different at this point. Only the compiler needs this condition.";
const ENDS_THE_SAME = "Without this case the function returns undefined, which is the same.";
const NO_FIELDS = "The text in the mutant's list has none of the fields that are read, so it is like no entry.";
const NEVER_MISSING = "The value is always there at this point. Only the compiler needs this operator.";
const RESULT_UNUSED = "The result of this write is not used.";
const UTF8_ANYWAY = "UTF-8 is Node's default encoding.";

export const EXCUSED: readonly Excuse[] = [
  ...[
    ["lib/domain/transitions.ts", "since !== undefined"],
    ["lib/domain/transitions.ts", "at !== undefined"],
    ["lib/domain/time.ts", "age !== undefined"],
    ["lib/domain/verification-schedule.ts", "since !== undefined"],
    ["lib/domain/notes.ts", "record.webhookAt !== undefined"],
    ["lib/domain/prices.ts", "amount !== undefined"],
    ["lib/domain/deadlines.ts", "since !== undefined"],
    ["lib/domain/explanation.ts", "final !== undefined"],
  ].map(([file = "", code = ""]) => ({ file, code, becomes: "true", reason: UNDEFINED_IS_NEVER_MORE })),
  ...Object.entries({
    "deadlines.ts": 1,
    "events.ts": 1,
    "payment.ts": 1,
    "refund-reports.ts": 1,
    "refunds.ts": 7,
    "transitions.ts": 3,
    "verification-schedule.ts": 3,
  }).map(([file, times]) => ({
    file: `lib/domain/${file}`,
    code: "[]",
    becomes: '["Stryker was here"]',
    times,
    reason: NO_FIELDS,
  })),
  ...[
    ["decide.ts", "attempts[attempt]?.lastRead", "attempts[attempt].lastRead"],
    ["lasting-link.ts", "attempts[attempt]?.lastRead", "attempts[attempt].lastRead"],
    ["explanation.ts", "opened?.lastRead", "opened.lastRead"],
    ["apply-money.ts", "captures.at(-1)?.kind", "captures.at(-1).kind"],
    [
      "events.ts",
      "history.findLast(({ transition }) => STEPS[transition]?.to === state)?.transition",
      "history.findLast(({ transition }) => STEPS[transition]?.to === state).transition",
    ],
  ].map(([file = "", code = "", becomes = ""]) => ({
    file: `lib/domain/${file}`,
    code,
    becomes,
    reason: NEVER_MISSING,
  })),
  ...[
    ["apply.ts", "record", "true"],
    ["apply-money.ts", "capture !== undefined", "true"],
    ["explanation.ts", "end !== undefined", "true"],
    ["refunds.ts", "capture === undefined", "false"],
  ].map(([file = "", code = "", becomes = ""]) => ({
    file: `lib/domain/${file}`,
    code,
    becomes,
    reason: FOR_THE_COMPILER,
  })),
  {
    file: "lib/domain/apply-money.ts",
    code: '"duplicate"',
    becomes: '""',
    times: 2,
    reason: "The capture is known here, and keeps its kind.",
  },
  {
    file: "lib/domain/payment.ts",
    code: "a > b",
    becomes: "a >= b",
    reason: "Of two equal amounts either is the greater one.",
  },
  {
    file: "lib/domain/refunds.ts",
    code: '""',
    becomes: '"Stryker was here!"',
    reason: "No refund has an id of either text, so none is found.",
  },
  { file: "lib/domain/refunds.ts", code: "default: return undefined;", becomes: "default:", reason: ENDS_THE_SAME },
  ...["/[0-9A-HJKMNP-TV-Z]{20}$/", "/^[0-9A-HJKMNP-TV-Z]{20}/"].map((becomes) => ({
    file: "lib/domain/ids.ts",
    code: "/^[0-9A-HJKMNP-TV-Z]{20}$/",
    becomes,
    reason: "A text of another length differs from the reference that is made of its beginning.",
  })),
  {
    file: "lib/domain/lasting-link.ts",
    code: 'case "CREATED": return { kind: "payable" };',
    becomes: 'case "CREATED":',
    reason: "A payment that is being opened is not finalised, so the next case returns the same.",
  },
  {
    file: "lib/domain/notes.ts",
    code: 'found.kind === "unpaid"',
    becomes: "true",
    reason: "No other answer has `failed` as its reason. Only the compiler needs this condition.",
  },
  {
    file: "lib/domain/principal.ts",
    code: 'principal.kind === "service"',
    becomes: "true",
    reason: "A user has no limit of calls, so the result is undefined as well.",
  },
  {
    file: "lib/table/conditional.ts",
    code: "[]",
    becomes: '["Stryker was here"]',
    times: 2,
    reason: "No row has an attribute of that name, so it never differs and is not written.",
  },
  {
    file: "lib/domain/events.ts",
    code: "[]",
    becomes: '["Stryker was here"]',
    reason: "The mutant removes a code that does not exist from the list of new codes. This changes nothing.",
  },
  ...['"CREATED"', '"REVIEW"'].map((code) => ({
    file: "lib/domain/events.ts",
    code,
    becomes: '""',
    reason: ENDS_THE_SAME,
  })),
  {
    file: "lib/domain/events.ts",
    code: 'case "REVIEW": return undefined;',
    becomes: 'case "REVIEW":',
    reason: ENDS_THE_SAME,
  },
  { file: "lib/domain/money.ts", code: '""', becomes: '"Stryker was here!"', reason: FOR_THE_COMPILER },
  { file: "lib/domain/apply-money.ts", code: '"reversed"', becomes: '""', reason: FOR_THE_COMPILER },
  {
    file: "lib/domain/new-version.ts",
    code: "history.length <= HISTORY_LIMIT",
    becomes: "history.length < HISTORY_LIMIT",
    reason: "A history of exactly the allowed length is rebuilt unchanged.",
  },
  {
    file: "lib/domain/totals.ts",
    code: "after.firstOpenedAt === undefined",
    becomes: "false",
    reason: "A payment that was never opened counts as zero before and after, so the difference is zero.",
  },
  {
    file: "lib/http/principal.ts",
    code: '""',
    becomes: '"Stryker was here!"',
    reason: "Every text that is not a bearer token is refused, and so is this one.",
  },
  {
    file: "lib/http/principal.ts",
    code: "renewed === known",
    becomes: "false",
    reason: "A second lookup with the same credentials gives the same result. The condition only saves time.",
  },
  {
    file: "lib/http/principal.ts",
    code: '["sub", "exp", "role"]',
    becomes: "[]",
    reason: "The claims are checked again when they are read, and a token without one of them is refused there.",
  },
  { file: "lib/table/contacts.ts", code: '"utf8"', becomes: '""', reason: UTF8_ANYWAY },
  {
    file: "lib/table/payment-item.ts",
    code: '""',
    becomes: '"Stryker was here!"',
    reason: FOR_THE_COMPILER,
  },
  ...["lib/table/payments.ts", "lib/table/requests.ts"].flatMap((file) => [
    { file, code: "() => false", becomes: "() => undefined", reason: RESULT_UNUSED },
    { file, code: "false", becomes: "true", reason: RESULT_UNUSED },
  ]),
  ...["lib/table/payments.ts", "lib/table/refund-limits.ts"].flatMap((file) => [
    { file, code: "() => true", becomes: "() => undefined", reason: RESULT_UNUSED },
    { file, code: "true", becomes: "false", reason: RESULT_UNUSED },
  ]),
  {
    file: "lib/table/table-identity.ts",
    code: "() => false",
    becomes: "() => undefined",
    reason: "Both say that the stored row is not ours.",
  },
  {
    file: "lib/table/table-identity.ts",
    code: "from[name] === undefined",
    becomes: "false",
    reason: "The client leaves out values that are undefined.",
  },
  ...[
    ["row", "true"],
    ["this.#last?.row", "this.#last.row"],
  ].map(([code = "", becomes = ""]) => ({
    file: "lib/table/table-identity.ts",
    code,
    becomes,
    reason: "A row without a value is as no row, and what is fresh is there.",
  })),
  ...["/[\\w-]{22}$/", "/^[\\w-]{22}/"].map((becomes) => ({
    file: "lib/table/payment-item.ts",
    code: "/^[\\w-]{22}$/",
    becomes,
    reason: "A text of another length gives other bytes than those of an id, which are checked next.",
  })),
  { file: "lib/table/payment-item.ts", code: "[]", becomes: '["Stryker was here"]', reason: NO_FIELDS },
  {
    file: "lib/table/payments.ts",
    code: '"no key of a payment"',
    becomes: '""',
    reason: "Of a thing that is no Error, the log has the kind only.",
  },
  ...[
    ['"stores"', '""'],
    ["CONNECT_MS * factor", "CONNECT_MS / factor"],
  ].map(([code = "", becomes = ""]) => ({
    file: "lib/table/client.ts",
    code,
    becomes,
    reason: "Only a test with a real connection that hangs shows it; those are too slow for each mutant.",
  })),
  { file: "lib/table/stream.ts", code: "dynamodb?.OldImage", becomes: "dynamodb.OldImage", reason: FOR_THE_COMPILER },
];
