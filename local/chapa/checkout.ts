import type { Answer, Request } from "../serve.ts";
import { ActionRefused, type Leaves, parseAct } from "./actions.ts";
import { checkoutPage, messagePage, receiptPage } from "./checkout-page.ts";
import { readFields } from "./fields.ts";
import { payerGoesTo } from "./redirect.ts";
import type { ActResult, SimulatorState } from "./state.ts";
import { type State, stateOf, type Transaction } from "./transactions.ts";

const HTML_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'self'",
  "cache-control": "no-store",
};

/** Answers all routes under `/checkout/`. Browsers get pages and redirects; requests with JSON get JSON. */
export async function answerCheckout(state: SimulatorState, request: Request): Promise<Answer> {
  const [, kind, key = "", act] = /^\/checkout\/(payment|payment-receipt)\/([^/]+)(\/act)?$/.exec(request.path) ?? [];
  if (kind === "payment-receipt" && request.method === "GET") return receipt(state, key);
  const transaction = kind === "payment" ? state.ledger.findByToken(key) : undefined;
  if (transaction && act && request.method === "POST") return performAct(state, transaction, request);
  if (transaction && !act && request.method === "GET") return show(state, transaction, request);
  if (isJson(request)) return { status: 404, body: { status: "failed", message: "no such checkout" } };
  return document(404, messagePage("No such checkout", "There is no checkout at this address."));
}

/** The JSON answer to an action. */
export function actAnswer({ status, txRef, state, redirect }: ActResult): Answer {
  return { status: 200, body: { status, tx_ref: txRef, state, redirect } };
}

/** The JSON answer to a refused action. */
export function refusedAnswer({ status, message }: ActionRefused): Answer {
  return { status, body: { status: "failed", message } };
}

async function performAct(state: SimulatorState, transaction: Transaction, request: Request): Promise<Answer> {
  try {
    const { action, params } = parseAct(readFields(request.body, request.headers["content-type"]) ?? {});
    const result = await state.act(transaction, action, params);
    return isJson(request) ? actAnswer(result) : { status: 303, headers: { location: nextPage(transaction, result) } };
  } catch (error) {
    if (!(error instanceof ActionRefused)) throw error;
    if (isJson(request)) return refusedAnswer(error);
    return document(error.status, checkoutPage(transaction, { ...viewOf(state, transaction), notice: error.message }));
  }
}

function nextPage({ token }: Transaction, { state, redirect }: ActResult): string {
  return redirect ?? `/checkout/payment/${token}${state === "ATTEMPTING" ? "?waiting" : ""}`;
}

function show(state: SimulatorState, transaction: Transaction, request: Request): Answer {
  const view = viewOf(state, transaction);
  // A payer who waited on this page for the prompt continues as if they had paid here.
  if (request.query.has("waiting") && view.state === "PAID" && view.back) {
    return { status: 303, headers: { location: view.back } };
  }
  return document(200, checkoutPage(transaction, view));
}

function viewOf(simulator: SimulatorState, transaction: Transaction): { state: State; back: string | null } {
  const state = stateOf(transaction, simulator.scheduler.now());
  const leaves: Leaves = state === "PAID" ? "paid" : "cancelled";
  const { profile, settings } = simulator;
  return { state, back: payerGoesTo(transaction, leaves, { profile, origin: settings.origin }) };
}

function receipt(state: SimulatorState, reference: string): Answer {
  const found = state.ledger.findByReference(reference);
  if (!found) return document(404, messagePage("No such receipt", "There is no payment with this reference."));
  return document(200, receiptPage(found.transaction, found.capture));
}

function document(status: number, body: string): Answer {
  return { status, headers: HTML_HEADERS, body };
}

function isJson({ headers }: Request): boolean {
  return headers["content-type"]?.startsWith("application/json") ?? false;
}
