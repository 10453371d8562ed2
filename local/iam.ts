import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import type { Request } from "./serve.ts";

const REGION = "eu-west-1";
const SERVICE = "execute-api";
// AWS's tolerance for the clocks of callers.
const SKEW_MS = 5 * 60_000;
const SCOPE = /^(?<id>[\w-]+)\/(?<day>\d{8})\/(?<region>[\w-]+)\/(?<service>[\w-]+)\/aws4_request$/;

/** An AWS identity for programs that sign their requests to the local service. */
export type Identity = { accessKeyId: string; secretAccessKey: string; userArn: string };

export const LOCAL_IDENTITY: Identity = {
  accessKeyId: "LOCALSERVICE",
  secretAccessKey: "local-secret-access-key",
  userArn: "arn:aws:sts::000000000000:assumed-role/local-service/local",
};

/** What API Gateway passes to a function about the caller of a signed request. */
export type Signed = { iam: { accessKey: string; accountId: string; callerId: string; userArn: string } };

type SignedRequest = Pick<Request, "method" | "path" | "query" | "headers" | "body">;

/**
 * Checks an AWS Signature Version 4 like API Gateway's IAM authorizer: it computes the signature from the signed parts
 * and compares. Every known identity may call everything, because policies exist only in AWS.
 * @returns undefined if the request is not signed, or its signature is wrong, too old or of an unknown identity
 */
export async function signedBy(
  request: SignedRequest,
  known: readonly Identity[],
  now: number,
): Promise<Signed | undefined> {
  const parts = authorizationOf(request);
  const identity = known.find(({ accessKeyId }) => accessKeyId === parts?.accessKeyId);
  const signedAt = dateOf(headerOf(request, "x-amz-date"));
  if (!parts || !identity || signedAt === undefined || Math.abs(now - signedAt) > SKEW_MS) return undefined;
  if (!parts.signedHeaders.includes("host") || !isBodyAsSigned(request)) return undefined;
  const authorization = await sign(request, identity, parts.signedHeaders, signedAt);
  const [made, given] = [authorization, headerOf(request, "authorization") ?? ""].map((text) =>
    createHash("sha256").update(text.replaceAll(", ", ",")).digest(),
  );
  if (!made || !given || !timingSafeEqual(made, given)) return undefined;
  const { accessKeyId, userArn } = identity;
  return { iam: { accessKey: accessKeyId, accountId: "000000000000", callerId: accessKeyId, userArn } };
}

/** The headers that sign a request. */
export async function signatureFor(
  identity: Identity,
  request: { method: string; url: string; body?: string },
  now: number,
): Promise<Record<string, string>> {
  const url = new URL(request.url);
  const headers = { host: url.host, "x-amz-date": amzDate(now) };
  const body = Buffer.from(request.body ?? "");
  const unsigned = { method: request.method, path: url.pathname, query: url.searchParams, headers, body };
  const { host: _, ...sent } = headers;
  return { ...sent, authorization: await sign(unsigned, identity, ["host", "x-amz-date"], now) };
}

async function sign(
  request: SignedRequest,
  { accessKeyId, secretAccessKey }: Identity,
  names: readonly string[],
  at: number,
): Promise<string> {
  const credentials = { accessKeyId, secretAccessKey };
  const signer = new SignatureV4({
    service: SERVICE,
    region: REGION,
    credentials,
    sha256: Sha256,
    applyChecksum: false,
  });
  const { headers } = await signer.sign(
    {
      method: request.method,
      protocol: "http:",
      hostname: headerOf(request, "host") ?? "",
      path: request.path,
      query: queryOf(request.query),
      headers: Object.fromEntries(names.map((name) => [name, headerOf(request, name) ?? ""])),
      body: request.body,
    },
    { signingDate: new Date(at), signableHeaders: new Set(names) },
  );
  return headers["authorization"] ?? "";
}

function authorizationOf(request: SignedRequest): { accessKeyId: string; signedHeaders: string[] } | undefined {
  const [algorithm, ...rest] = (headerOf(request, "authorization") ?? "").split(" ");
  const fields = Object.fromEntries(
    rest
      .join("")
      .split(",")
      .map((part) => [part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1)]),
  );
  const scope = SCOPE.exec(fields["Credential"] ?? "")?.groups;
  const isOurs = scope?.["region"] === REGION && scope["service"] === SERVICE;
  if (algorithm !== "AWS4-HMAC-SHA256" || !isOurs) return undefined;
  return { accessKeyId: scope["id"] ?? "", signedHeaders: (fields["SignedHeaders"] ?? "").split(";") };
}

function isBodyAsSigned(request: SignedRequest): boolean {
  const claimed = headerOf(request, "x-amz-content-sha256");
  return claimed === undefined || claimed === createHash("sha256").update(request.body).digest("hex");
}

function headerOf({ headers }: SignedRequest, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(",") : value;
}

function queryOf(query: URLSearchParams): Record<string, string[]> {
  return Object.fromEntries([...new Set(query.keys())].map((name) => [name, query.getAll(name)]));
}

function dateOf(text: string | undefined): number | undefined {
  const digits = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text ?? "");
  if (!digits) return undefined;
  const [year = 0, month = 1, ...rest] = digits.slice(1).map(Number);
  return Date.UTC(year, month - 1, ...rest);
}

function amzDate(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
}

class Sha256 {
  readonly #hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new Error("a hash is used once");
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === "string") return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
