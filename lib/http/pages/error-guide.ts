import { createHash } from "node:crypto";
import { staticAnswer } from "../static-answer.ts";
import { errorGuideText } from "./error-guide-text.ts";
import { madeOnce } from "./page-files.ts";

const STYLE = `
:root{color-scheme:light dark}
body{max-width:45rem;margin:2rem auto;padding:0 1rem;font:1rem/1.5 system-ui,sans-serif}
h2{margin-top:2rem;font-family:ui-monospace,monospace}:target{background:#fff3b0;color:#1d2b22}
`;
const POLICY = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** Answers the page to which the `type` of each problem leads. Each code is the id of its heading. */
export const errorGuide = madeOnce(() =>
  staticAnswer(
    `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Errors</title><link rel="icon" href="data:,"><style>${STYLE}</style></head>
<body>${errorGuideText().trim().split("\n\n").map(blockOf).join("\n")}</body></html>
`,
    {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "public, max-age=300",
      "content-security-policy": POLICY,
    },
  ),
);

/** Returns one block of the document as HTML: a heading, a list or a paragraph. It has no other kinds. */
function blockOf(block: string): string {
  const [, marks, title = ""] = /^(#+) (.+)$/.exec(block) ?? [];
  if (marks === "#") return `<h1>${inline(title)}</h1>`;
  if (marks) return `<h2 id="${title}">${inline(title)}</h2>`;
  if (!block.startsWith("- ")) return `<p>${inline(block)}</p>`;
  return `<ul>${block
    .slice(2)
    .split("\n- ")
    .map((item) => `<li>${inline(item)}</li>`)
    .join("")}</ul>`;
}

/** Other documents are not served here, so of a link only its text is shown. */
function inline(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(/\[([^\]]+)\]\([^)]+\)/g, "$1")
    .replaceAll(/`([^`]+)`/g, "<code>$1</code>")
    .replaceAll(/\*\*([^*]+)\*\*/g, "<strong>$1</strong>");
}
