import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** One HTTP request with its whole body. */
export type Request = {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Buffer;
};

/** An HTTP answer. An object as `body` is sent as JSON, text and bytes are sent unchanged. */
export type Answer = { status: number; headers?: Record<string, string>; body?: unknown };

export type Handle = (request: Request) => Answer | Promise<Answer>;

/** Changes or suppresses answers, and may switch the server off. */
export type FaultInjector = {
  around(request: Request, outgoing: ServerResponse, effect: () => Promise<Answer>): Promise<Answer | undefined>;
  onDown(listener: (isDown: boolean) => Promise<void>): void;
};

/** A server on loopback. `down` refuses connections, `up` accepts them again on the same port. */
export type Listening = {
  origin: string;
  port: number;
  down(): Promise<void>;
  up(): Promise<void>;
  close(): Promise<void>;
};

export class PortTaken extends Error {}

/** The highest port number. */
export const LAST_PORT = 65_535;

// API Gateway passes a body up to this size on.
const BODY_LIMIT_BYTES = 10 * 1024 * 1024;
// Node's five seconds end a connection while a caller on a busy machine begins to use it again.
const KEEP_ALIVE_MS = 75_000;

/**
 * Serves `handle` on 127.0.0.1; port 0 takes any free one.
 * @throws PortTaken if another program uses the port; its message names the port
 */
export async function serve(name: string, port: number, handle: Handle, faults?: FaultInjector): Promise<Listening> {
  const sockets = new Set<Socket>();
  const server = createServer((incoming, outgoing) => {
    // Of the clock that can be moved. For the AWS clients, another time than theirs makes every refusal worth a retry.
    outgoing.setHeader("date", new Date().toUTCString());
    const chunks: Buffer[] = [];
    let size = 0;
    incoming.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= BODY_LIMIT_BYTES) chunks.push(chunk);
      else incoming.destroy();
    });
    incoming.on("end", async () => {
      // Not as an address relative to ours, because a path may begin with two slashes.
      const url = new URL(`http://local${incoming.url?.startsWith("/") ? incoming.url : "/"}`);
      const request = {
        method: incoming.method ?? "GET",
        path: url.pathname,
        query: url.searchParams,
        headers: incoming.headers,
        body: Buffer.concat(chunks),
      };
      try {
        const answer = faults
          ? await faults.around(request, outgoing, async () => handle(request))
          : await handle(request);
        if (answer && !outgoing.destroyed) send(outgoing, answer);
      } catch (error) {
        if (outgoing.headersSent || outgoing.destroyed) return;
        send(outgoing, {
          status: 500,
          body: { message: `${name}: ${error instanceof Error ? error.message : error}` },
        });
      }
    });
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });

  const stop = () =>
    new Promise<void>((resolve) => {
      if (!server.listening) return resolve();
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  await listen(server, name, port);
  const bound = (server.address() as AddressInfo).port;
  const listening = {
    origin: `http://127.0.0.1:${bound}`,
    port: bound,
    down: stop,
    up: () => (server.listening ? Promise.resolve() : listen(server, name, bound)),
    close: stop,
  };
  faults?.onDown((isDown) => (isDown ? listening.down() : listening.up()));
  return listening;
}

function listen(server: Server, name: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(
        error.code === "EADDRINUSE"
          ? new PortTaken(
              `${name}: port ${port} is taken by another program; choose another one, or 0 for any free one`,
            )
          : error,
      );
    });
    server.listen(port, "127.0.0.1", resolve);
  });
}

function send(outgoing: ServerResponse, answer: Answer): void {
  const raw = typeof answer.body === "string" || Buffer.isBuffer(answer.body);
  const bytes = answer.body === undefined ? "" : raw ? answer.body : JSON.stringify(answer.body);
  outgoing.writeHead(answer.status, {
    ...(answer.body === undefined || raw ? {} : { "content-type": "application/json" }),
    ...answer.headers,
  });
  outgoing.end(bytes as string | Buffer);
}
