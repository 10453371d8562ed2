import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { contentHash } from "../etag.ts";
import type { HttpAnswer } from "../problem.ts";
import { staticAnswer } from "../static-answer.ts";

const SCRIPT = "text/javascript; charset=utf-8";

/** The files of the viewers by the name under which we serve them, and where their package has them. */
export const REFERENCE_FILES = {
  "swagger-ui.js": { source: "swagger-ui-dist/swagger-ui-bundle.js", type: SCRIPT },
  "swagger-ui.css": { source: "swagger-ui-dist/swagger-ui.css", type: "text/css; charset=utf-8" },
  "redoc.js": { source: "redoc/bundles/redoc.standalone.js", type: SCRIPT },
} as const;
type FileName = keyof typeof REFERENCE_FILES;

type Answering = (event: APIGatewayProxyEventV2) => HttpAnswer;
const answering = new Map<string, Answering>();

/** Returns the page that shows our OpenAPI document. It loads only what this service serves. */
export function referencePage(viewer: "swagger" | "redoc", event: APIGatewayProxyEventV2): HttpAnswer {
  return once(viewer, () => pageOf(viewer))(event);
}

/** Returns a file of the pages; undefined if there is none of this name. Its address changes with its content. */
export function referenceFile(name: string, event: APIGatewayProxyEventV2): HttpAnswer | undefined {
  if (!isFileName(name)) return undefined;
  const headers = {
    "content-type": REFERENCE_FILES[name].type,
    "cache-control": "public, max-age=31536000, immutable",
  };
  return once(name, () => staticAnswer(textOf(name), headers))(event);
}

function once(name: string, make: () => Answering): Answering {
  const known = answering.get(name);
  if (known) return known;
  const made = make();
  answering.set(name, made);
  return made;
}

function isFileName(name: string): name is FileName {
  return Object.hasOwn(REFERENCE_FILES, name);
}

function textOf(name: FileName): string {
  return readFileSync(new URL(import.meta.resolve(REFERENCE_FILES[name].source)), "utf8");
}

function pageOf(viewer: "swagger" | "redoc"): Answering {
  const { content, scripts, styles } = VIEWERS[viewer];
  const policy = [
    "default-src 'none'",
    `script-src ${scripts}`,
    `style-src ${styles}`,
    "img-src 'self' data:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return staticAnswer(
    `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Chapa payments: API</title><link rel="icon" href="data:,"></head>
<body>${content.replaceAll(/\{([\w.-]+)\}/g, (_, name: string) => addressOf(name))}</body></html>
`,
    {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "public, max-age=300",
      "content-security-policy": policy.join("; "),
    },
  );
}

function addressOf(name: string): string {
  if (!isFileName(name)) throw new RangeError(`${name} is no file of the pages`);
  return `/docs/${name}?v=${contentHash(textOf(name))}`;
}

const START = 'SwaggerUIBundle({url:"/openapi.json",dom_id:"#view",deepLinking:true,validatorUrl:null})';

const VIEWERS = {
  swagger: {
    content: `<link rel="stylesheet" href="{swagger-ui.css}"><div id="view"></div>
<script src="{swagger-ui.js}"></script><script>${START}</script>`,
    scripts: `'self' 'sha256-${createHash("sha256").update(START).digest("base64")}'`,
    styles: "'self'",
  },
  redoc: {
    content: `<redoc spec-url="/openapi.json" disable-telemetry="true"></redoc>
<script type="module" src="{redoc.js}"></script>`,
    scripts: "'self'",
    // The script makes its styles while it runs.
    styles: "'self' 'unsafe-inline'",
  },
} as const;
