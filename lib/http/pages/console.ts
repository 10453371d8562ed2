import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { consoleText } from "../console-text.ts";
import { contentHash } from "../etag.ts";
import type { HttpAnswer } from "../problem.ts";
import { staticAnswer } from "../static-answer.ts";

/** The console's files, by the name under which we serve them. */
export const CONSOLE_FILES = {
  "console.js": "text/javascript; charset=utf-8",
  "console.css": "text/css; charset=utf-8",
} as const;
type FileName = keyof typeof CONSOLE_FILES;

type Answering = (event: APIGatewayProxyEventV2) => HttpAnswer;
const answering = new Map<string, Answering>();

/** Returns the console's page. It holds no data: its script asks the API, with the token of a person who logs in. */
export function consolePage(event: APIGatewayProxyEventV2): HttpAnswer {
  return once("page", page)(event);
}

/** Returns a file of the console; undefined if there is none of this name. Its address changes with its content. */
export function consoleFile(name: string, event: APIGatewayProxyEventV2): HttpAnswer | undefined {
  if (!isFileName(name)) return undefined;
  const headers = { "content-type": CONSOLE_FILES[name], "cache-control": "public, max-age=31536000, immutable" };
  return once(name, () => staticAnswer(consoleText(name), headers))(event);
}

function once(name: string, make: () => Answering): Answering {
  const known = answering.get(name);
  if (known) return known;
  const made = make();
  answering.set(name, made);
  return made;
}

function isFileName(name: string): name is FileName {
  return Object.hasOwn(CONSOLE_FILES, name);
}

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

function page(): Answering {
  const address = (name: FileName) => `/console/${name}?v=${contentHash(consoleText(name))}`;
  return staticAnswer(
    `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Payments console</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="${address("console.css")}">
<script type="module" src="${address("console.js")}"></script></head>
<body><div id="console"></div><noscript><p>The console needs scripts. They come from this address only.</p></noscript></body></html>
`,
    {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-cache",
      "content-security-policy": POLICY,
    },
  );
}
