import { consoleText } from "../console-text.ts";
import { staticAnswer } from "../static-answer.ts";
import { madeOnce, PageFiles } from "./page-files.ts";

/** The console's files, by the name under which we serve them. */
export const CONSOLE_FILES = {
  "console.js": { type: "text/javascript; charset=utf-8" },
  "console.css": { type: "text/css; charset=utf-8" },
} as const;

/** The console's script and style sheet. */
export const consoleFiles = new PageFiles("/console", CONSOLE_FILES, consoleText);

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Answers the console's page. It holds no data: its script asks the API, with the token of a person who logs in. */
export const consolePage = madeOnce(() =>
  staticAnswer(
    `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Payments console</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="${consoleFiles.address("console.css")}">
<script type="module" src="${consoleFiles.address("console.js")}"></script></head>
<body><div id="console"></div><noscript><p>The console needs scripts. They come from this address only.</p></noscript></body></html>
`,
    {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-cache",
      "content-security-policy": POLICY,
    },
  ),
);
