import type { Action } from "./actions.ts";
import { documentOf } from "./document.ts";
import { type Html, html } from "./html.ts";
import { METHOD_NAMES, METHODS, testNumbers } from "./methods.ts";
import { toText, toTime } from "./money.ts";
import { ATTEMPTS_ALLOWED, type Capture, type State, statusOf, type Transaction } from "./transactions.ts";

/** What the page shows besides the transaction. `back` is the merchant's URL; `notice` says why an action was refused. */
export type View = { state: State; back: string | null; notice?: string | undefined };

/** The payer's page of one checkout: an HTML document without scripts and without external resources. */
export function checkoutPage(transaction: Transaction, view: View): string {
  const { order } = transaction;
  const isWaiting = view.state === "ATTEMPTING";
  return page({
    token: transaction.token,
    title: `Pay ${order.currency} ${toText(order.amount)}`,
    refreshSeconds: isWaiting ? 2 : undefined,
    content: html`<div class="card">
      <header>
        <h1>${order.title ?? "Payment"}</h1>
        <p>${order.description}</p>
        <p class="amount">${toText(order.amount)} <small>${order.currency}</small></p>
        <p><code>${order.txRef}</code></p>
      </header>
      ${view.notice ? html`<p class="alert" role="alert">${view.notice}</p>` : null}
      ${PANELS[view.state](transaction, view)}
    </div>`,
  });
}

/** The receipt for payers whose merchant has no return URL. */
export function receiptPage(transaction: Transaction, capture: Capture): string {
  return page({
    title: "Receipt",
    content: html`<div class="card"><section>
      <h2 class="good">Payment received</h2>
      ${captureRows(transaction, [capture])}
    </section></div>`,
  });
}

export function messagePage(heading: string, message: string): string {
  return page({
    title: heading,
    content: html`<div class="card"><section><h2 class="bad">${heading}</h2><p>${message}</p></section></div>`,
  });
}

const NOTICE = html`<b>Chapa simulator</b> · a test page, no money moves`;

type Panel = (transaction: Transaction, view: View) => Html;

const PANELS: Record<State, Panel> = {
  OPEN: openPanel,
  ATTEMPTING: () => html`<section>
    <div class="wait"></div>
    <h2>Waiting for the payer’s phone</h2>
    <p>A prompt was sent. It ends by itself, even if you cancel here.</p>
    <div class="row quiet">${button("cancel", "Cancel")}</div>
  </section>`,
  PAID: (transaction, { back }) => html`<section>
      <h2 class="${isKept(transaction) ? "good" : "bad"}">${PAID_HEADINGS[statusOf(transaction)] ?? "Paid"}</h2>
      ${captureRows(transaction, transaction.captures)}
      ${backLink(back)}
    </section>
    ${tests(
      "After the payment",
      test("refund", "Chapa’s dashboard refunds this amount", "Refund", [
        field("amount", "amount", toText(transaction.order.amount)),
      ]),
      test("reverse", "The payer’s bank takes the money back", "Reverse"),
    )}`,
  CLOSED: (_, { back }) => over("Too many attempts", "All ten attempts have failed.", back),
  CANCELLED: ({ cancelledBy }, { back }) =>
    over("Cancelled", `The ${cancelledBy ?? "payer"} has cancelled this payment.`, back),
  EXPIRED: (_, { back }) => over("Expired", "The time for this payment has ended.", back),
};

const PAID_HEADINGS: Partial<Record<ReturnType<typeof statusOf>, string>> = {
  refunded: "Refunded",
  reversed: "Reversed",
};

function openPanel({ failedAttempts, lastFailure }: Transaction): Html {
  const [number] = testNumbers("telebirr");
  return html`<section>
      ${
        failedAttempts > 0 &&
        html`<p class="alert inside">${lastFailure?.reason}. Attempt ${failedAttempts} of ${ATTEMPTS_ALLOWED}; try again.</p>`
      }
      <form method="post" action="act">
        <label for="phone">Phone number of the wallet</label>
        <input id="phone" name="phone" inputmode="numeric" autocomplete="off" list="numbers" value="${number}">
        <datalist id="numbers">${testNumbers("telebirr").map((known) => html`<option value="${known}"></option>`)}</datalist>
        <p class="note">Any number but ${testNumbers("telebirr").join(", ")} fails, as in Chapa’s test mode.</p>
        <input type="hidden" name="action" value="pay">
        <button class="main" name="method" value="telebirr">Pay with telebirr</button>
        <div class="row"><button name="method" value="cbebirr">CBE Birr</button>
        <button name="method" value="card">Card</button></div>
      </form>
      <div class="row quiet">
        ${button("fail", "Fail")} ${button("cancel", "Cancel")} ${button("close-tab", "Close tab")}
      </div>
    </section>
    ${tests(
      "More test actions",
      test("pay", "Any method, with its own test numbers", "Pay", [
        html`<select name="method" aria-label="method">
          ${METHODS.map((method) => html`<option value="${method}">${METHOD_NAMES[method]}</option>`)}
        </select>`,
        field("phone", "phone (optional)"),
      ]),
      test("prompt", "A prompt on the phone, pending for some seconds", "Send prompt", [
        field("seconds", "seconds", "30"),
        html`<select name="outcome" aria-label="outcome"><option>success</option><option>failure</option></select>`,
      ]),
      test("fail-then-pay", "The first attempt fails, the next succeeds", "Fail, then pay"),
      test("pay-late", "The money arrives after the link has expired", "Pay late"),
      test("pay-twice", "Two payments for one checkout", "Pay twice"),
      test("wrong-amount", "Less or more arrives than was asked for", "Wrong amount", [field("amount", "amount")]),
      test("wrong-currency", "Another currency arrives", "Wrong currency"),
      test("live-test-mix", "A payment of the other mode arrives", "Mix modes"),
      test("reverse", "Paid, and taken back by the bank", "Pay, reverse"),
      test("abandon", "The payer does nothing", "Abandon"),
    )}`;
}

function over(heading: string, message: string, back: string | null): Html {
  return html`<section><h2 class="bad">${heading}</h2><p>${message}</p>${backLink(back)}</section>
    ${tests("More test actions", test("pay-late", "A payment that had already started still arrives", "Pay late"))}`;
}

function tests(heading: string, ...forms: Html[]): Html {
  return html`<details><summary>${heading}</summary><div class="tests">${forms}</div></details>`;
}

function test(action: Action, explanation: string, label: string, fields: Html[] = []): Html {
  return html`<form method="post" action="act"><p>${explanation}</p>
    ${fields.length > 0 && html`<div class="fields">${fields}</div>`}
    <button name="action" value="${action}">${label}</button></form>`;
}

function field(name: string, label: string, value = ""): Html {
  return html`<input name="${name}" aria-label="${label}" placeholder="${label}" value="${value}">`;
}

function button(action: Action, label: string): Html {
  return html`<form method="post" action="act"><button name="action" value="${action}">${label}</button></form>`;
}

function backLink(back: string | null): Html | null {
  return back === null ? null : html`<a class="button main" href="${back}">Back to the merchant</a>`;
}

function isKept(transaction: Transaction): boolean {
  return statusOf(transaction) === "success";
}

function captureRows({ order }: Transaction, captures: Capture[]): Html {
  return html`<dl>
    ${captures.map(
      ({ amount, currency, method, reference, at, refunded }) => html`
        <dt>Amount</dt><dd>${toText(amount)} ${currency}</dd>
        ${refunded > 0 && html`<dt>Refunded</dt><dd>${toText(refunded)} ${currency}</dd>`}
        <dt>Method</dt><dd>${METHOD_NAMES[method]}</dd>
        <dt>Reference</dt><dd><code>${reference}</code></dd>
        <dt>Time</dt><dd>${toTime(at).slice(0, 16).replace("T", " ")} UTC</dd>`,
    )}
    <dt>Order</dt><dd><code>${order.txRef}</code></dd>
  </dl>`;
}

type Page = { title: string; content: Html; token?: string; refreshSeconds?: number | undefined };

function page({ token, ...rest }: Page): string {
  const base = token === undefined ? undefined : `/checkout/payment/${token}/`;
  return documentOf({ ...rest, base, notice: NOTICE });
}
