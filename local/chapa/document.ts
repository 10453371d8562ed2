import { STYLE } from "./checkout-style.ts";
import { type Html, html } from "./html.ts";

/** What a page consists of. `notice` stands above its content; `base` is the path that its relative links begin with. */
export type Document = {
  title: string;
  notice: Html;
  content: Html;
  base?: string | undefined;
  refreshSeconds?: number | undefined;
};

/** An HTML document without scripts and without external resources. */
export function documentOf({ title, notice, content, base, refreshSeconds }: Document): string {
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
${refreshSeconds !== undefined && html`<meta http-equiv="refresh" content="${refreshSeconds}">`}
${base !== undefined && html`<base href="${base}">`}
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body><main>
<p class="notice">${notice}</p>
${content}
</main></body>
</html>`;
  return document.text;
}
