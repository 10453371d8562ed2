import type { Answer, Request } from "../serve.ts";
import { BANK_LIST, CURRENCY_LISTS } from "./banks.ts";
import { decodePath, type Fields, readFields, textAt, valueAt } from "./fields.ts";
import { NO_ANSWER } from "./journal.ts";
import { liveTwin } from "./simulator.ts";
import type { SimulatorState } from "./state.ts";
import { type Mode, stateOf, type Transaction } from "./transactions.ts";
import { parseOrder } from "./validate.ts";
import { accept, cancelledData, eventRows, NO_KEY, refuse, transactionsPage, verifyAnswer, WRONG_KEY } from "./wire.ts";

type Call = { state: SimulatorState; request: Request; mode: Mode; id: string };
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
    const mode = isPublic ? "test" : modeOfKey(request, state.settings.secretKey);
    if (mode !== "test" && mode !== "live") return mode;
    return handle({ state, request, mode, id: decodePath(match[1] ?? "") });
  }
  return refuse(404, "The requested resource was not found");
}

/**
 * The mode that a secret key stands for, or the refusal of the key. The simulator's key means test mode. The same key
 * without `_TEST` means live mode, so that tests can have both modes without a real key.
 */
function modeOfKey({ headers }: Request, secretKey: string): Mode | Answer {
  const key = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1];
  if (!key) return NO_KEY;
  if (key === secretKey) return "test";
  return key === liveTwin(secretKey) ? "live" : WRONG_KEY;
}

async function initialize({ state, request, mode }: Call): Promise<Answer> {
  const fields = readFields(request.body, request.headers["content-type"]);
  if (!fields) return refuse(400, "The Content-Type header must be application/json");
  const opened = await open(state, fields, mode);
  if (!("transaction" in opened)) return opened;
  if (opened.isAnswerLost) return NO_ANSWER;
  return accept("Hosted Link", { checkout_url: state.checkoutUrl(opened.transaction) });
}

/** The HTML form of a merchant without a server. It is authenticated only by the public key. */
async function hostedPay({ state, request }: Call): Promise<Answer> {
  const form = readFields(request.body, request.headers["content-type"]) ?? {};
  if (textAt(form, "public_key") !== state.settings.publicKey) return WRONG_KEY;
  const { title, description, logo, ...fields } = form;
  const opened = await open(state, { ...fields, customization: { title, description, logo } }, "test");
  if (!("transaction" in opened)) return opened;
  return { status: 302, headers: { location: state.checkoutUrl(opened.transaction) } };
}

async function open(
  state: SimulatorState,
  fields: Fields,
  mode: Mode,
): Promise<Answer | { transaction: Transaction; isAnswerLost: boolean }> {
  const parsed = parseOrder(fields);
  if ("complaint" in parsed) return refuse(400, parsed.complaint);
  if (mode === "test" && (valueAt(fields, "subaccounts") ?? valueAt(fields, "subaccount"))) {
    return refuse(400, "Subaccounts are not available in test mode");
  }
  if (state.ledger.find(parsed.order.txRef)) return refuse(400, "Transaction reference has been used before");
  return state.open(parsed.order, mode);
}

function verify({ state, mode, id }: Call): Answer {
  const transaction = state.ledger.find(id);
  if (transaction && transaction.mode !== mode) {
    const [mine, theirs] = mode === "live" ? ["Live", "test"] : ["Test", "live"];
    return refuse(401, `${mine} secret keys can't be used to verify a ${theirs} transaction`);
  }
  if (state.isVerifyUnavailable(id)) return { status: 503, body: { message: "Service Unavailable" } };
  return verifyAnswer(transaction, state.profile, id);
}

function cancel({ state, request, mode, id }: Call): Answer {
  const transaction = state.ledger.find(id);
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

function events({ state, id }: Call): Answer {
  const transaction = state.ledger.findByReference(id)?.transaction ?? state.ledger.find(id);
  if (!transaction) return refuse(404, "Transaction not found");
  return accept("Timeline retrieved", eventRows(transaction));
}

function transactions({ state, request, mode }: Call): Answer {
  const page = Math.max(Math.trunc(Number(request.query.get("page") ?? 1)) || 1, 1);
  const mine = state.ledger.all().filter((transaction) => transaction.mode === mode);
  const url = `${state.settings.origin}/v1/transactions`;
  return accept("Transactions retrieved", transactionsPage(mine, page, { url, profile: state.profile }));
}

function currencies({ state }: Call): Answer {
  return { status: 200, body: CURRENCY_LISTS[state.profile.trait("currencies", "")] };
}
