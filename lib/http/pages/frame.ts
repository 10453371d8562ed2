import { createHash } from "node:crypto";
import type { HttpAnswer } from "../problem.ts";
import texts from "./texts.json" with { type: "json" };

export type PageLanguage = keyof typeof texts;
export type Words = (typeof texts)[PageLanguage];

const STYLE = `
:root{color-scheme:light dark}
body{margin:0;min-height:100vh;display:grid;place-items:center;font:1.05rem/1.5 system-ui,"Noto Sans Ethiopic",sans-serif;background:#f4f6f3;color:#1d2b22}
main{box-sizing:border-box;width:min(27rem,100% - 2rem);margin:1rem;padding:1.75rem;border-radius:1rem;background:#fff;box-shadow:0 1px 12px #0001}
h1{margin:0 0 .75rem;font-size:1.3rem;line-height:1.3}
dl{display:grid;grid-template-columns:auto 1fr;gap:.35rem 1rem;margin:1.5rem 0 0;font-size:.95rem}
dt{color:#56655c}dd{margin:0;font-weight:600}.whole{white-space:nowrap}
nav{display:flex;flex-wrap:wrap;gap:.75rem 1.25rem;align-items:center;margin-top:1.5rem}form{margin:0}
a{color:#226536}button,.button{display:inline-block;text-decoration:none;padding:.7rem 1.4rem;border:0;border-radius:.6rem;background:#2a7040;color:#fff;font:inherit;font-weight:600;cursor:pointer}
footer{margin-top:1.5rem;font-size:.9rem;color:#56655c}
.bar{height:.3rem;margin-top:1.5rem;border-radius:1rem;background:linear-gradient(90deg,#7fb18c 30%,#e3ebe5 30%)}
@media (max-width:25rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}}
@media (prefers-color-scheme:dark){body{background:#101713;color:#e6efe9}main{background:#18211c}dt,footer{color:#a3b5aa}a{color:#8fd0a2}.button,button{color:#fff}.bar{background:linear-gradient(90deg,#7fb18c 30%,#2a372f 30%)}}
@media print{body{background:#fff;color:#000}main{box-shadow:none;background:#fff}nav,footer{display:none}dt{color:#333}}
`;
const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

/** One line of facts. A value that is `whole` is never broken, so that it can be read out and copied. */
export type Fact = { label: string; value: string; isWhole?: boolean };

/** What the reader can do next: follow a link, or press a button that sends a form to this page. */
export type WayOn = { text: string; href: string; isFirst?: boolean } | { text: string; press: string };

/** How every page ends: the front end's address, and whom a payer may ask (an address, a number or a link). */
export type Around = { site: string | undefined; support: string | undefined };

/** What a page shows. `formTargets` are the origins to which its form may lead. */
export type Content = {
  language: PageLanguage;
  title: string;
  text: string;
  facts?: readonly Fact[];
  ways?: readonly WayOn[];
  /** The page asks for its own address again after so many seconds, and shows that something moves. */
  refreshSeconds?: number | undefined;
  formTargets?: readonly string[];
  around: Around;
};

/** Returns the words of a language. */
export function wordsIn(language: PageLanguage): Words {
  return texts[language];
}

/** Returns a page for payers. It has no script and loads nothing. */
export function pageOf(statusCode: number, content: Content): HttpAnswer {
  const { language, title, text, facts = [], ways = [], refreshSeconds, formTargets, around } = content;
  const words = texts[language];
  const back: WayOn[] = around.site === undefined ? [] : [{ text: words.back, href: around.site }];
  const body = `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex"><title>${title}</title><style>${STYLE}</style></head>
<body><main><h1>${title}</h1><p>${text}</p>${listOf(facts)}${refreshSeconds === undefined ? "" : '<div class="bar"></div>'}<nav>${[...ways, ...back].map(wayOf).join("")}</nav>${supportOf(words, around)}</main></body></html>
`;
  const headers = headersOf(formTargets?.join(" ") ?? "'none'");
  return {
    statusCode,
    headers: refreshSeconds === undefined ? headers : { ...headers, refresh: String(refreshSeconds) },
    body,
  };
}

function listOf(facts: readonly Fact[]): string {
  const line = ({ label, value, isWhole }: Fact) =>
    `<dt>${escaped(label)}</dt><dd${isWhole ? ' class="whole"' : ""}>${escaped(value)}</dd>`;
  return facts.length === 0 ? "" : `<dl>${facts.map(line).join("")}</dl>`;
}

function wayOf(way: WayOn): string {
  if ("press" in way) {
    return `<form method="post" action="${escaped(way.press)}"><button>${escaped(way.text)}</button></form>`;
  }
  return `<a${way.isFirst ? ' class="button"' : ""} href="${escaped(way.href)}">${escaped(way.text)}</a>`;
}

function supportOf(words: Words, { support }: Around): string {
  if (support === undefined) return "";
  const target = /^https?:/.test(support) ? support : support.includes("@") ? `mailto:${support}` : `tel:${support}`;
  return `<footer>${words.support} <a class="whole" href="${escaped(target.replaceAll(" ", ""))}">${escaped(support)}</a></footer>`;
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
