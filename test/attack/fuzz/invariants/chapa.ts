import { createHmac } from "node:crypto";
import { classifyCancel, classifyInitialize, classifyVerify } from "../../../../lib/chapa/classify.ts";
import { ChapaClient } from "../../../../lib/chapa/client.ts";
import type { SignatureHeaders, SignatureVerdict } from "../../../../lib/chapa/signature.ts";
import { judgeSignature } from "../../../../lib/chapa/signature.ts";
import { parseEnvelope, parseExactly } from "../../../../lib/chapa/wire.ts";
import type { PaidFacts } from "../../../../lib/domain/evidence.ts";
import type { HttpResponse } from "../../../../lib/runtime/call.ts";
import { demand, demandCleanPrototypes, demandPlain, exactHundredths, own, plainly, textOf } from "./broken.ts";

/** The reference that every question is about. */
export const ASKED = "G85FR23GHWFN3DNF00BV";

export const ORIGINS = ["https://checkout.chapa.co"];

// The size limit of one fact, so that a row does not exceed the table's limit.
const LONGEST_FACT = 512;

/** For any answer to verify, only the documented success counts as money, and facts are stored as Chapa wrote them. */
export function verifyInvariant(reply: HttpResponse): void {
  const evidence = classifyVerify(reply, ASKED);
  const said = plainly(reply.text);
  const word = textOf(own(said, "data", "status")).toLowerCase();
  switch (evidence.kind) {
    case "paid":
      demand(reply.status === 200 && word === "success", "only data.status success in a 200 is paid");
      factsInvariant(evidence.facts, reply.text, own(said, "data"));
      break;
    case "refunded":
    case "reversed":
      demand(reply.status === 200 && word === evidence.kind, "only the word for it says that money went back");
      factsInvariant(evidence.facts, reply.text, own(said, "data"));
      break;
    case "unpaid":
      demand([200, 400, 404].includes(reply.status), "only an answer of Chapa's says that nobody has paid");
      demand(said !== undefined, "what is not JSON says nothing about money");
      demand((evidence.failureReason ?? "").length <= LONGEST_FACT, "no reason is longer than a row can hold");
      demand((evidence.failureReason ?? "").isWellFormed(), "no reason holds half a character, which no table takes");
      break;
    case "readable":
      demand(reply.status === 200 || reply.status >= 400, "only an answer of Chapa's is readable");
      demand(
        ["message", "status", "data"].every((part) => own(said, part) !== undefined),
        "what is readable has Chapa's whole envelope",
      );
      demand(!hasTrace(said), "a charge or a reference is a trace of money");
      break;
    case "maybe_money":
      demand(said !== undefined, "what is not JSON says nothing about money");
      break;
    case "unavailable":
      demand(
        ["unreachable", "busy", "misconfigured", "unreadable"].includes(evidence.reason),
        "a silence has one of four names",
      );
  }
  if (reply.status === 200 && word === "success" && evidence.kind !== "paid") {
    const isOthers = ![undefined, null, ASKED].includes(own(said, "data", "tx_ref") as undefined);
    demand(!isReadableEnvelope(said) || isOthers, "a success in Chapa's form is never overlooked");
  }
  demandCleanPrototypes();
}

function hasTrace(said: unknown): boolean {
  return [own(said, "data", "charge"), own(said, "data", "reference")].some((value) => value != null && value !== "");
}

function isReadableEnvelope(said: unknown): boolean {
  const [message, status] = [own(said, "message"), own(said, "status")];
  const isText = (value: unknown) => value === undefined || value === null || typeof value === "string";
  return isText(message) && isText(status) && typeof own(said, "data", "status") === "string";
}

function factsInvariant(facts: PaidFacts, text: string, data: unknown): void {
  for (const fact of ["txRef", "currency", "mode", "reference", "method"] as const) {
    const value = facts[fact];
    if (value === undefined) continue;
    const written = own(data, fact === "txRef" ? "tx_ref" : fact);
    demand(
      typeof written === "number" || textOf(written).toWellFormed() === value,
      `${fact} is what Chapa wrote there`,
    );
    demand(value.length <= LONGEST_FACT, "no fact is longer than a row can hold");
    demand(value.isWellFormed(), "no fact holds half a character, which no table takes");
  }
  amountInvariant(facts.amount, own(data, "amount"), text);
  amountInvariant(facts.charge, own(data, "charge"), text);
}

function amountInvariant(amount: number | undefined, written: unknown, text: string): void {
  if (amount === undefined) return;
  demand(Number.isSafeInteger(amount) && amount >= 0, "an amount is a whole number of santim");
  const candidates = typeof written === "string" ? [written] : (text.match(/\d+(?:\.\d+)?/g) ?? []);
  demand(
    candidates.some((candidate) => exactHundredths(candidate) === BigInt(amount)),
    "an amount is read exactly or not at all",
  );
}

/** For any answer to initialize, payers are redirected to Chapa's own pages only, by every reading of the URL. */
export function initializeInvariant(reply: HttpResponse): void {
  const answer = classifyInitialize(reply, ORIGINS);
  if (answer.kind === "opened") {
    const url = URL.parse(answer.checkoutUrl);
    demand(reply.status === 200 && url !== null, "a checkout comes with a 200");
    demand(ORIGINS.includes(url.origin) && !url.username && !url.password, "a checkout is at Chapa's own address");
    // RFC 3986 ends an authority at / ? # and browsers also at \. A URL must not have two readings of its host.
    const authority = /^https:\/\/([^/?#]*)/.exec(answer.checkoutUrl)?.[1];
    demand(authority === "checkout.chapa.co", "a checkout's host is the same by every reading");
    demand(/^[\x21-\x7e]+$/.test(answer.checkoutUrl), "a checkout's address is visible ASCII");
    demand(answer.checkoutUrl.length <= 2048, "no checkout's address is longer than a row can hold");
  }
  if (answer.kind === "refused") {
    demand(reply.status === 400 || reply.status === 422, "only a 400 or a 422 is a refusal");
    demand(
      answer.reason.startsWith("it does not accept ") && answer.reason.length <= LONGEST_FACT,
      "a reason is short",
    );
    demand(answer.reason.isWellFormed(), "a reason holds no half of a character");
    demand(!answer.reason.includes("native code"), "a reason is a sentence and not a program");
  }
  demandCleanPrototypes();
}

/** For any answer to cancel, a link counts as ended only if JSON has the documented status. */
export function cancelInvariant(reply: HttpResponse): void {
  const end = classifyCancel(reply, ASKED);
  const statuses = { closed: [200], already_over: [200, 400], not_found: [404], unclear: [reply.status] }[end];
  demand(statuses.includes(reply.status), "each end of a link has its status");
  if (plainly(reply.text) === undefined) demand(end === "unclear", "what is not JSON ends nothing");
  demandCleanPrototypes();
}

/** A page of Chapa's list has its rows unchanged, but for those that it names, or it is refused. */
export async function listInvariant(reply: HttpResponse): Promise<void> {
  const named: number[] = [];
  const client = new ChapaClient({
    baseUrl: "https://api.chapa.test/v1",
    checkoutOrigins: ORIGINS,
    keys: { get: async () => ["CHASECK_TEST-x"], renewed: async () => ["CHASECK_TEST-x"] },
    send: async () => reply,
    reports: { log: { error: (_, fields) => void named.push(Number(fields?.["row"]) - 1) }, count: () => undefined },
  });
  const page = await client.transactions(1, 1_000);
  if (!page) return;
  const data = own(plainly(reply.text), "data");
  const rows = Array.isArray(data) ? data : own(data, "transactions");
  demand(reply.status === 200 && Array.isArray(rows), "a page is a list in a 200");
  demand(page.transactions.length + named.length === rows.length, "no row is lost and none is made up");
  const hasStatus = (row: unknown) =>
    typeof own(row, "status") === "string" && textOf(own(row, "status")).length <= 256;
  demand(
    named.every((index) => !hasStatus(rows[index])),
    "only a row that names no status is left out",
  );
  const readable = rows.filter((_, index) => !named.includes(index));
  for (const [index, { amount, at, money }] of page.transactions.entries()) {
    const row: unknown = readable[index];
    const word = textOf(own(row, "status")).toLowerCase();
    demand(!money || MONEY_CAME.includes(word), "only known words say that money came");
    demand(money === "paid" || money === undefined || word.includes(money), "money went back as the word says");
    demand(at === undefined || Number.isFinite(at), "a moment is a number or absent");
    amountInvariant(amount, own(row, "amount"), reply.text);
  }
  demandCleanPrototypes();
}

const MONEY_CAME = [
  ...["success", "refunded", "reversed", "paid", "successful", "completed"],
  ...["partially_refunded", "fully_refunded", "disputed", "chargeback"],
];

/** Exact parsing accepts the same text as JSON.parse and gives the same value, but numbers keep their text. */
export function exactInvariant(text: string): void {
  const exact = parseExactly(text);
  const plain = plainly(text);
  if (exact !== undefined) {
    demand(plain !== undefined, "what is not JSON is not parsed");
    sameButNumbers(exact, plain, text, 0);
  } else if (plain !== undefined) {
    demand(text.length > 1_000, "JSON is parsed, unless it is nested beyond measure");
  }
  const envelope = parseEnvelope(text);
  demandPlain(envelope);
  demand(envelope === undefined || Object.keys(envelope).every((key) => key !== "__proto__"), "no key is a trap");
  demandCleanPrototypes();
}

function sameButNumbers(exact: unknown, plain: unknown, text: string, depth: number): void {
  if (depth > 200) return;
  if (typeof plain === "number") {
    demand(typeof exact === "string" && text.includes(exact), "a number is the text that stood there");
    demand(Object.is(Number(exact), plain), "a number's text says that number");
  } else if (typeof plain === "object" && plain !== null) {
    demand(typeof exact === "object" && exact !== null, "an object stays an object");
    const keys = Object.keys(plain);
    demand(JSON.stringify(Object.keys(exact)) === JSON.stringify(keys), "keys stay");
    for (const key of keys) sameButNumbers(own(exact, key), own(plain, key), text, depth + 1);
  } else {
    demand(exact === plain, "everything but numbers stays as it is");
  }
}

/** The expected verdict on a signature, computed independently of the code. */
export function expectedVerdict(
  raw: Uint8Array,
  headers: SignatureHeaders,
  secrets: readonly string[],
): SignatureVerdict {
  const clean = (value: string | undefined) => (value ?? "").replace(/^\s+|\s+$/g, "").toLowerCase();
  const content = clean(headers["x-chapa-signature"]);
  const other = clean(headers["chapa-signature"]);
  const shown = content === "" ? other : content;
  if (shown === "") return "absent";
  if (shown.length !== 64 || [...shown].some((character) => !"0123456789abcdef".includes(character)))
    return "malformed";
  const made = (bytes: Uint8Array) =>
    secrets.map((secret) => createHmac("sha256", Buffer.from(secret, "utf8")).update(bytes).digest("hex"));
  if (made(raw).includes(shown)) return "authentic";
  const isConstant = secrets.some(
    (secret) =>
      createHmac("sha256", Buffer.from(secret, "utf8")).update(Buffer.from(secret, "utf8")).digest("hex") === shown,
  );
  return isConstant && content === "" ? "constant" : "wrong";
}

/** A webhook is authentic exactly if its bytes are signed with one of our secrets. No input makes the check throw. */
export function signatureInvariant(
  raw: Uint8Array,
  headers: SignatureHeaders,
  secrets: readonly string[],
): SignatureVerdict {
  const verdict = judgeSignature(raw, headers, secrets);
  const expected = expectedVerdict(raw, headers, secrets);
  demand(verdict === expected, `a signature that is ${expected} is not taken for ${verdict}`);
  return verdict;
}
