import { createHash } from "node:crypto";
import { toBirr } from "../../domain/money.ts";
import type { Payment } from "../../domain/payment.ts";
import type { HttpAnswer } from "../problem.ts";
import texts from "./texts.json" with { type: "json" };

export type PageLanguage = keyof typeof texts;

const STYLE = `
:root{color-scheme:light dark}
body{margin:0;min-height:100vh;display:grid;place-items:center;font:1.05rem/1.5 system-ui,"Noto Sans Ethiopic",sans-serif;background:#f4f6f3;color:#1d2b22}
main{max-width:26rem;margin:1rem;padding:2rem;border-radius:1rem;background:#fff;box-shadow:0 1px 12px #0001}
h1{margin:0 0 .75rem;font-size:1.3rem;line-height:1.3}
dl{display:grid;grid-template-columns:auto 1fr;gap:.35rem 1rem;margin:1.5rem 0 0;font-size:.95rem}
dt{color:#5b6b61}dd{margin:0;font-weight:600;overflow-wrap:anywhere}
button,.button{display:inline-block;text-decoration:none;margin-top:1.5rem;padding:.7rem 1.4rem;border:0;border-radius:.6rem;background:#2f7d46;color:#fff;font:inherit;font-weight:600;cursor:pointer}
.bar{height:.3rem;margin-top:1.5rem;border-radius:1rem;background:linear-gradient(90deg,#7fb18c 30%,#e3ebe5 30%)}
@media (prefers-color-scheme:dark){body{background:#101713;color:#e6efe9}main{background:#18211c}dt{color:#9db0a4}.bar{background:linear-gradient(90deg,#7fb18c 30%,#2a372f 30%)}}
`;
const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

/** What a page shows. `formTargets` are the origins to which its form may lead. */
export type Content = {
  language: PageLanguage;
  title: string;
  text: string;
  payment?: Payment | undefined;
  txRef?: string | undefined;
  head?: string | undefined;
  below?: string | undefined;
  formTargets?: readonly string[];
};

/** Returns a page for payers. It has no script and loads nothing. */
export function pageOf(statusCode: number, content: Content): HttpAnswer {
  const { language, title, text, payment, txRef, head = "", below = "", formTargets } = content;
  const words = texts[language];
  const facts =
    payment && txRef !== undefined
      ? `<dl><dt>${words.amount}</dt><dd>${toBirr(payment.terms.amount)} ${payment.terms.currency}</dd><dt>${words.reference}</dt><dd>${escaped(txRef)}</dd></dl>`
      : "";
  const body = `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex">${head}<title>${title}</title><style>${STYLE}</style></head>
<body><main><h1>${title}</h1><p>${text}</p>${facts}${below}</main></body></html>
`;
  return { statusCode, headers: headersOf(formTargets?.join(" ") ?? "'none'"), body };
}

/**
 * Returns the page's language: the one that the address names, else the first that the browser asks for and we support.
 */
export function pageLanguage(asked: string | undefined, acceptLanguage: string | undefined): PageLanguage {
  const wanted = [asked ?? "", ...(acceptLanguage ?? "").split(",")].map((part) =>
    part.trim().toLowerCase().slice(0, 2),
  );
  return wanted.find(isPageLanguage) ?? "en";
}

function isPageLanguage(code: string): code is PageLanguage {
  return Object.hasOwn(texts, code);
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const headersOf = (formTargets: string) => ({
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy": `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action ${formTargets}; frame-ancestors 'none'`,
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
});
