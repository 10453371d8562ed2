import type { Answer, Request } from "../serve.ts";
import { BANK_LIST, CURRENCY_LISTS } from "./banks.ts";
import { USED_BEFORE } from "./chapa-faults.ts";
import { decodePath, type Fields, readFields, textAt, valueAt } from "./fields.ts";
import { NO_ANSWER } from "./journal.ts";
import { liveTwin } from "./simulator.ts";
import type { Settings, SimulatorState } from "./state.ts";
import { type Opening, stateOf, type Transaction } from "./transactions.ts";
import { parseOrder } from "./validate.ts";
import { accept, cancelledData, eventRows, NO_KEY, refuse, transactionsPage, verifyAnswer, WRONG_KEY } from "./wire.ts";

type Call = Opening & { state: SimulatorState; request: Request; id: string };
type Route = { method: string; path: RegExp; isPublic?: true; handle: (call: Call) => Answer | Promise<Answer> };

// The group in each path is the id.
const ROUTES: Route[] = [
  { method: "POST", path: /^\/v1\/transaction\/initialize$/, handle: initialize },
  { method: "GET", path: /^\/v1\/transaction\/verify\/([^/]+)$/, handle: verify },
  { method: "PUT", path: /^\/v1\/transaction\/cancel\/([^/]+)$/, handle: cancel },
  { method: "GET", path: /^\/v1\/transaction\/events\/([^/]+)$/, handle: events },
  { method: "GET", path: /^\/v1\/transactions$/, handle: transactions },
  { method: "POST", path: /^\/v1\/refund\/([^/]+)$/, handle: refund },
  { method: "GET", path: /^\/v1\/refund\/([^/]+)\/verify$/, handle: ({ state, id }) => state.refunds.verify(id) },
  { method: "GET", path: /^\/v1\/banks$/, handle: () => ({ status: 200, body: BANK_LIST }) },
  { method: "GET", path: /^\/v1\/currency_supported$/, handle: currencies },
  { method: "POST", path: /^\/v1\/hosted\/pay$/, isPublic: true, handle: hostedPay },
];

/** Answers a request to the API. Every answer carries Chapa's rate-limit headers. */
export async function answerApi(state: SimulatorState, request: Request): Promise<Answer> {
  const answer = await route(state, request);
  if (answer === NO_ANSWER) return answer;
  return { ...answer, headers: { ...state.countRequest(), ...answer.headers } };
}

async function route(state: SimulatorState, request: Request): Promise<Answer> {
  for (const { method, path, isPublic, handle } of ROUTES) {
    const match = method === request.method ? path.exec(request.path) : null;
    if (!match) continue;
    const holder = isPublic ? PUBLIC : holderOf(request, state.settings);
    if (!("account" in holder)) return holder;
    return handle({ state, request, ...holder, id: decodePath(match[1] ?? "") });
  }
  return refuse(404, "The requested resource was not found");
}

export const FIRST_ACCOUNT = "first";
const PUBLIC: Opening = { mode: "test", account: FIRST_ACCOUNT };

/**
 * The account and the mode that a secret key stands for, or the refusal of the key. The simulator's key means test mode.
 * The same key without `_TEST` means live mode, so that tests can have both modes without a real key.
 */
function holderOf({ headers }: Request, { secretKey, otherKeys }: Settings): Opening | Answer {
  const key = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1];
  if (!key) return NO_KEY;
  for (const [account, known] of [[FIRST_ACCOUNT, secretKey] as const, ...otherKeys]) {
    if (key === known) return { account, mode: "test" };
    if (key === liveTwin(known)) return { account, mode: "live" };
  }
  return WRONG_KEY;
}

/** The transaction with this reference, if the account has one and Chapa has booked it. */
function find({ state, account }: Pick<Call, "state" | "account">, txRef: string): Transaction | undefined {
  const transaction = state.ledger.find(txRef, account);
  return transaction && transaction.bookedAt <= state.scheduler.now() ? transaction : undefined;
}

async function initialize({ state, request, mode, account }: Call): Promise<Answer> {
  const fields = readFields(request.body, request.headers["content-type"]);
  if (!fields) return refuse(400, "The Content-Type header must be application/json");
  const opened = await open(state, fields, { mode, account });
  if (!("transaction" in opened)) return opened;
  if (opened.isAnswerLost) return NO_ANSWER;
  return accept("Hosted Link", { checkout_url: state.checkoutUrl(opened.transaction) });
}

/** The HTML form of a merchant without a server. It is authenticated only by the public key. */
async function hostedPay({ state, request }: Call): Promise<Answer> {
  const form = readFields(request.body, request.headers["content-type"]) ?? {};
  if (textAt(form, "public_key") !== state.settings.publicKey) return WRONG_KEY;
  const { title, description, logo, ...fields } = form;
  const opened = await open(state, { ...fields, customization: { title, description, logo } }, PUBLIC);
  if (!("transaction" in opened)) return opened;
  return { status: 302, headers: { location: state.checkoutUrl(opened.transaction) } };
}

async function open(
  state: SimulatorState,
  fields: Fields,
  opening: Opening,
): Promise<Answer | { transaction: Transaction; isAnswerLost: boolean }> {
  const parsed = parseOrder(fields);
  if ("complaint" in parsed) return refuse(400, parsed.complaint);
  if (opening.mode === "test" && (valueAt(fields, "subaccounts") ?? valueAt(fields, "subaccount"))) {
    return refuse(400, "Subaccounts are not available in test mode");
  }
  if (find({ state, ...opening }, parsed.order.txRef)) return refuse(400, USED_BEFORE);
  return state.open(parsed.order, opening);
}

function verify({ state, mode, account, id }: Call): Answer {
  const transaction = find({ state, account }, id);
  if (transaction && transaction.mode !== mode) {
    const [mine, theirs] = mode === "live" ? ["Live", "test"] : ["Test", "live"];
    return refuse(401, `${mine} secret keys can't be used to verify a ${theirs} transaction`);
  }
  if (state.isVerifyUnavailable(id)) return { status: 503, body: { message: "Service Unavailable" } };
  return verifyAnswer(transaction, state.profile, id);
}

function cancel({ state, request, mode, account, id }: Call): Answer {
  const transaction = find({ state, account }, id);
  if (request.body.length > 0 && state.profile.trait("cancelBody", id) === "refused") {
    return refuse(400, "The request must not have a body");
  }
  if (!transaction || transaction.mode !== mode) return refuse(404, "Payment link not found");
  const now = state.scheduler.now();
  switch (stateOf(transaction, now)) {
    case "PAID":
      return refuse(400, state.profile.trait("cancelPaid", id));
    case "CANCELLED":
    case "CLOSED":
    case "EXPIRED":
      return refuse(400, "Payment link already expired");
    case "OPEN":
    case "ATTEMPTING":
      state.ledger.closeLink(transaction, now);
      return accept("Checkout link expired successfully", cancelledData(transaction));
  }
}

function refund({ state, request, id }: Call): Answer {
  const fields = readFields(request.body, request.headers["content-type"]);
  return state.refunds.request(id, fields ?? {});
}

function events({ state, account, id }: Call): Answer {
  const transaction = state.ledger.findByReference(id)?.transaction ?? find({ state, account }, id);
  if (!transaction) return refuse(404, "Transaction not found");
  return accept("Timeline retrieved", eventRows(transaction));
}

function transactions({ state, request, mode, account }: Call): Answer {
  const page = Math.max(Math.trunc(Number(request.query.get("page") ?? 1)) || 1, 1);
  const mine = state.ledger
    .all()
    .filter((one) => one.mode === mode && find({ state, account }, one.order.txRef) === one);
  const url = `${state.settings.origin}/v1/transactions`;
  return accept("Transactions retrieved", transactionsPage(mine, page, { url, profile: state.profile }));
}

function currencies({ state }: Call): Answer {
  return { status: 200, body: CURRENCY_LISTS[state.profile.trait("currencies", "")] };
}
