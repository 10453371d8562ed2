/** A mutant that no test notices, and why that is right. `code` and `becomes` are as the list of survivors shows them. */
export type Excuse = { file: string; code: string; becomes: string; times?: number; reason: string };

const UNDEFINED_IS_NEVER_MORE =
  "Nothing is more or less than undefined, so the comparison alone says the same; only the compiler wants the question.";
const FOR_THE_COMPILER = "It cannot be otherwise when the code comes here; only the compiler wants the question.";
const ENDS_THE_SAME = "Without this case the function ends without a word, and that is the same undefined.";
const NOBODY_ASKS = "Nobody here asks what became of this write: the answer is not used.";
const UTF8_ANYWAY = "Node takes text for UTF-8 when it is told nothing.";

export const EXCUSED: readonly Excuse[] = [
  ...[
    ["lib/domain/decide.ts", "payment.settledAt !== undefined"],
    ["lib/domain/transitions.ts", "settledAt !== undefined"],
    ["lib/domain/transitions.ts", "recordedAt !== undefined"],
    ["lib/domain/transitions.ts", "at !== undefined"],
    ["lib/domain/verification-schedule.ts", "age !== undefined"],
    ["lib/domain/verification-schedule.ts", "opened !== undefined"],
    ["lib/domain/prices.ts", "amount !== undefined"],
  ].map(([file = "", code = ""]) => ({ file, code, becomes: "true", reason: UNDEFINED_IS_NEVER_MORE })),
  {
    file: "lib/domain/verification-schedule.ts",
    code: "verifyAt !== undefined",
    becomes: "true",
    times: 2,
    reason: UNDEFINED_IS_NEVER_MORE,
  },
  {
    file: "lib/table/conditional.ts",
    code: "[]",
    becomes: '["Stryker was here"]',
    times: 2,
    reason: "No row has an attribute of that name, so it never differs and is never written.",
  },
  {
    file: "lib/domain/events.ts",
    code: "[]",
    becomes: '["Stryker was here"]',
    reason: "A code that does not exist is taken off the list of new ones, which changes nothing.",
  },
  ...['"CREATED"', '"PENDING"', '"REVIEW"'].map((code) => ({
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
  { file: "lib/domain/ids.ts", code: '"utf8"', becomes: '""', times: 2, reason: UTF8_ANYWAY },
  { file: "lib/domain/money.ts", code: '""', becomes: '"Stryker was here!"', reason: FOR_THE_COMPILER },
  { file: "lib/domain/apply.ts", code: '"reversed"', becomes: '""', reason: FOR_THE_COMPILER },
  {
    file: "lib/domain/apply.ts",
    code: '"CREATED"',
    becomes: '""',
    reason: "What is not stored yet comes out of nothing, whatever its state says, and gets its state from the table.",
  },
  {
    file: "lib/domain/apply.ts",
    code: "history.length <= HISTORY_LIMIT",
    becomes: "history.length < HISTORY_LIMIT",
    reason: "A history exactly as long as allowed is put together again as it was.",
  },
  {
    file: "lib/domain/principal.ts",
    code: 'principal.kind === "user"',
    becomes: "true",
    reason: FOR_THE_COMPILER,
  },
  {
    file: "lib/domain/totals.ts",
    code: "after.firstOpenedAt === undefined",
    becomes: "false",
    reason: "What was never opened counts for nothing and never was opened before: the difference is nothing anyway.",
  },
  {
    file: "lib/http/principal.ts",
    code: '""',
    becomes: '"Stryker was here!"',
    reason: "Any text that is no bearer token is refused, this one as the empty one.",
  },
  {
    file: "lib/http/principal.ts",
    code: "renewed === known",
    becomes: "false",
    reason: "The same credentials asked twice answer the same; the question only saves time.",
  },
  {
    file: "lib/http/principal.ts",
    code: '["sub", "exp", "role"]',
    becomes: "[]",
    reason: "The claims are checked once more when they are read; a token without one of them is refused there.",
  },
  { file: "lib/table/contacts.ts", code: '"utf8"', becomes: '""', reason: UTF8_ANYWAY },
  {
    file: "lib/table/payment-item.ts",
    code: '""',
    becomes: '"Stryker was here!"',
    times: 2,
    reason: FOR_THE_COMPILER,
  },
  {
    file: "lib/table/payments.ts",
    code: "start < refs.length",
    becomes: "start <= refs.length",
    reason: "A last round without keys asks the table nothing.",
  },
  ...["lib/table/payments.ts", "lib/table/requests.ts"].flatMap((file) => [
    { file, code: "() => false", becomes: "() => undefined", reason: NOBODY_ASKS },
    { file, code: "false", becomes: "true", reason: NOBODY_ASKS },
  ]),
  { file: "lib/table/stream.ts", code: "dynamodb?.OldImage", becomes: "dynamodb.OldImage", reason: FOR_THE_COMPILER },
];
