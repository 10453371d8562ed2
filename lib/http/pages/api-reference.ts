import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { staticAnswer } from "../static-answer.ts";
import { type Answering, madeOnce, PageFiles } from "./page-files.ts";

const SCRIPT = "text/javascript; charset=utf-8";

/** The files of the viewers by the name under which we serve them, and where their package has them. */
export const REFERENCE_FILES = {
  "swagger-ui.js": { source: "swagger-ui-dist/swagger-ui-bundle.js", type: SCRIPT },
  "swagger-ui.css": { source: "swagger-ui-dist/swagger-ui.css", type: "text/css; charset=utf-8" },
  "redoc.js": { source: "redoc/bundles/redoc.standalone.js", type: SCRIPT },
} as const;
type FileName = keyof typeof REFERENCE_FILES;

/** The scripts and style sheets of the viewers. */
export const referenceFiles = new PageFiles("/docs", REFERENCE_FILES, textOf);

/** Answers the page that shows our OpenAPI document. It loads only what this service serves. */
export const referencePages = {
  swagger: madeOnce(() => pageOf("swagger")),
  redoc: madeOnce(() => pageOf("redoc")),
} as const;

function textOf(name: FileName): string {
  return readFileSync(new URL(import.meta.resolve(REFERENCE_FILES[name].source)), "utf8");
}

function pageOf(viewer: keyof typeof VIEWERS): Answering {
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
<body>${content()}</body></html>
`,
    {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "public, max-age=300",
      "content-security-policy": policy.join("; "),
    },
  );
}

const START = 'SwaggerUIBundle({url:"/openapi.json",dom_id:"#view",deepLinking:true,validatorUrl:null})';

const VIEWERS = {
  swagger: {
    content: () => `<link rel="stylesheet" href="${referenceFiles.address("swagger-ui.css")}"><div id="view"></div>
<script src="${referenceFiles.address("swagger-ui.js")}"></script><script>${START}</script>`,
    scripts: `'self' 'sha256-${createHash("sha256").update(START).digest("base64")}'`,
    styles: "'self'",
  },
  redoc: {
    content: () => `<redoc spec-url="/openapi.json" disable-telemetry="true"></redoc>
<script type="module" src="${referenceFiles.address("redoc.js")}"></script>`,
    scripts: "'self'",
    // The script makes its styles while it runs.
    styles: "'self' 'unsafe-inline'",
  },
} as const;
