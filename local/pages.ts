import { randomUUID } from "node:crypto";
import { checkoutPath } from "../lib/contract/routes.ts";
import { ApiClient } from "./api-client.ts";
import { documentOf } from "./chapa/document.ts";
import { type Html, html } from "./chapa/html.ts";
import type { CloudAddress } from "./cloud.ts";
import { PAID_PATH } from "./environment.ts";
import { EXAMPLE_PATH, EXAMPLE_PROGRAMS, exampleOf } from "./examples.ts";
import type { Answer, Request } from "./serve.ts";
import { PASSWORD, USERS } from "./users.ts";

const HOME_PATH = "/";
const PRESS_PATH = "/press";
const NOTICE = html`<b>Chapa payments</b> · one machine, nothing is kept`;

/** Answers a request for a page of the local cloud; undefined if it has no such page. */
export async function pageOf(request: Request, address: CloudAddress): Promise<Answer | undefined> {
  switch (`${request.method} ${request.path}`) {
    case `GET ${HOME_PATH}`:
    case `HEAD ${HOME_PATH}`:
      return page(200, "Chapa payments on this machine", home(address));
    case `POST ${PRESS_PATH}`:
      return press(address);
    case `GET ${PAID_PATH}`:
      return page(200, "Payment successful", paid(request.query));
    default:
      return exampleOf(request);
  }
}

function home({ api, chapa, control, webhook }: CloudAddress): Html {
  return html`<div class="card">
    <header><h1>The payment service runs here</h1><p>With its table, its queues and its neighbours, in one process.</p></header>
    <section>
      <form method="post" action="${PRESS_PATH}"><button class="main">Pay a listing fee as ${USERS.owner.email}</button></form>
      <p class="note">Opens a checkout for a new property, as the owner’s press does. All users have the password ${PASSWORD}.</p>
      <dl>
        <dt>Console</dt><dd><a href="/console">console</a>, as ${USERS.admin.email} with ${PASSWORD}</dd>
        <dt>API</dt><dd><a href="/docs">docs</a>, <a href="/openapi.json">openapi.json</a>, <a href="/api/v1/health">health</a></dd>
        <dt>Examples</dt><dd><a href="${EXAMPLE_PATH}">web page</a>, ${EXAMPLE_PROGRAMS.map((name) => html`<a href="/examples/server/${name}">${name}</a> `)}</dd>
        <dt>Chapa</dt><dd><a href="${chapa}">${chapa}</a></dd>
        <dt>Control</dt><dd><a href="${control}/state">${control}</a></dd>
        <dt>Webhook</dt><dd><code>${webhook}</code></dd>
        <dt>Base</dt><dd><code>${api}</code></dd>
      </dl>
    </section>
  </div>`;
}

/** Presses through the real API, and sends the browser to the checkout. */
async function press(address: CloudAddress): Promise<Answer> {
  const { status, body } = await new ApiClient(address).initiate({ property_id: randomUUID() });
  const location = body["checkout_url"];
  if (typeof location === "string") return { status: 303, headers: { location } };
  const reason = html`<div class="card"><section><h2 class="bad">No checkout was opened</h2>
    <p>The API answered ${status}: ${String(body["detail"] ?? "")}</p>${back()}</section></div>`;
  return page(status, "No checkout was opened", reason);
}

function paid(query: URLSearchParams): Html {
  const row = (label: string, name: string) =>
    query.has(name) && html`<dt>${label}</dt><dd><code>${query.get(name)}</code></dd>`;
  return html`<div class="card"><section>
    <h2 class="good">Payment successful</h2>
    <p>FRONTEND_REDIRECT_URL is not set, so this page stands in for the front end’s.
      The <a href="${EXAMPLE_PATH}?${query.toString()}">example page</a> shows the outcome, too.</p>
    ${wayOn(query.get("payment_id"))}
    <dl>${row("Amount", "amount")}${row("Property", "property_id")}${row("Payment", "payment_id")}${row("Reference", "tx_ref")}</dl>
    ${back()}
  </section></div>`;
}

/** To what a newcomer wants to see next of a payment: its receipt, and what the console shows of it. */
function wayOn(paymentId: string | null): Html | false {
  if (paymentId === null) return false;
  const inConsole = `/console#/payment/${encodeURIComponent(paymentId)}`;
  return html`<p><a href="${checkoutPath(encodeURIComponent(paymentId))}">What the payer sees, with the receipt</a> ·
    <a href="${inConsole}">in the console</a>, as ${USERS.admin.email} with ${PASSWORD}</p>`;
}

function back(): Html {
  return html`<a class="button" href="${HOME_PATH}">What runs here</a>`;
}

function page(status: number, title: string, content: Html): Answer {
  const headers = { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" };
  return { status, headers, body: documentOf({ title, notice: NOTICE, content }) };
}
