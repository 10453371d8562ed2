import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { deadlineFactor } from "../contract/env.ts";
import { traceHeaders } from "./invocation.ts";

export type HttpRequest = {
  method: "GET" | "POST" | "PUT" | "PATCH";
  url: string;
  headers?: Record<string, string>;
  body?: string;
  /** Milliseconds from the start to the last byte. */
  timeoutMs: number;
  /** A GET that is answered 5xx is sent once more, if time is left. */
  isRepeated?: true;
  /** Another request than a GET that does no harm if it is performed twice: sent once more if its connection breaks. */
  isHarmlessTwice?: true;
  /** The largest response that is read; half a megabyte unless it says otherwise. */
  maxBytes?: number;
  /** Whose deadlines tests lengthen together with this one's; a service's unless it says otherwise. */
  of?: "stores" | "services";
};

export type HttpResponse = { status: number; text: string };

/**
 * No response. `sent: false` proves that no request left: the name was not found, the connection was refused, or the
 * handshake failed. In every other case the request may have had its effect.
 */
export class CallFailed extends Error {
  readonly sent: boolean;
  readonly reason: string;

  constructor(reason: string, sent: boolean, cause?: unknown) {
    super(`no reply: ${reason}`, { cause });
    this.name = "CallFailed";
    this.reason = reason;
    this.sent = sent;
  }
}

const MAX_BYTES = 512 * 1024;

// The services we call close idle connections after 5 s; a socket kept longer would fail on its next use.
const IDLE_LIMIT_MS = 4_000;

const agents = {
  "http:": new HttpAgent({ keepAlive: true, timeout: IDLE_LIMIT_MS }),
  "https:": new HttpsAgent({ keepAlive: true, timeout: IDLE_LIMIT_MS }),
};
let lastUseAt = 0;

/**
 * Sends one HTTP request over a kept connection and returns the response; redirects are not followed. A GET whose
 * connection breaks is sent once more, because the server may have closed it as idle; so is one that is answered 5xx,
 * if the caller asks for it. Nothing else is repeated, except what the caller calls harmless.
 * @throws CallFailed if no complete response came in time, or if it was too large
 */
export async function call(options: HttpRequest): Promise<HttpResponse> {
  const startedAt = performance.now();
  const first = await send(options).catch((error: unknown) => {
    if (error instanceof CallFailed) return error;
    throw error;
  });
  const timeoutMs = options.timeoutMs - (performance.now() - startedAt);
  if (timeoutMs > 0 && isSentAgain(options, first)) {
    // A server that closed one idle connection has closed the others, too.
    if (first instanceof CallFailed) dropIdleSockets();
    return send({ ...options, timeoutMs });
  }
  if (first instanceof CallFailed) throw first;
  return first;
}

function isSentAgain({ method, isRepeated, isHarmlessTwice }: HttpRequest, first: HttpResponse | CallFailed): boolean {
  if (first instanceof CallFailed) {
    return first.reason === "ECONNRESET" && (method === "GET" || isHarmlessTwice === true);
  }
  return method === "GET" && isRepeated === true && first.status >= 500;
}

function send(options: HttpRequest): Promise<HttpResponse> {
  const url = new URL(options.url);
  const protocol = url.protocol === "https:" ? "https:" : "http:";
  if (Date.now() - lastUseAt >= IDLE_LIMIT_MS) dropIdleSockets();
  return new Promise((resolve, reject) => {
    let connected = false;
    const outgoing = (protocol === "https:" ? httpsRequest : httpRequest)(url, {
      method: options.method,
      agent: agents[protocol],
      headers: {
        accept: "application/json",
        ...traceHeaders(),
        ...(options.body === undefined ? {} : { "content-length": String(Buffer.byteLength(options.body)) }),
        ...options.headers,
      },
    });
    const fail = (reason: string, cause?: unknown) => {
      clearTimeout(timer);
      outgoing.destroy();
      reject(new CallFailed(reason, connected, cause));
    };
    const timer = setTimeout(() => fail("timeout"), options.timeoutMs * deadlineFactor(options.of ?? "services"));

    outgoing.on("socket", (socket) => {
      if (!socket.connecting) connected = true;
      else socket.once(protocol === "https:" ? "secureConnect" : "connect", () => (connected = true));
    });
    outgoing.on("error", (error: NodeJS.ErrnoException) => fail(error.code ?? error.name, error));
    outgoing.on("response", (incoming) => {
      const chunks: Buffer[] = [];
      let size = 0;
      incoming.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > (options.maxBytes ?? MAX_BYTES)) fail("reply too large");
        else chunks.push(chunk);
      });
      incoming.on("error", (error: NodeJS.ErrnoException) => fail(error.code ?? error.name, error));
      incoming.on("end", () => {
        clearTimeout(timer);
        lastUseAt = Date.now();
        resolve({ status: incoming.statusCode ?? 0, text: new TextDecoder().decode(Buffer.concat(chunks)) });
      });
    });
    outgoing.end(options.body);
  });
}

// Lambda freezes a function between invocations. Its sockets' timers do not run, so it may wake with sockets that the
// server has closed.
function dropIdleSockets(): void {
  for (const agent of Object.values(agents)) {
    for (const sockets of Object.values(agent.freeSockets)) {
      for (const socket of sockets ?? []) socket.destroy();
    }
  }
}
