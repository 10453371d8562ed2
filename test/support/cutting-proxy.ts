import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/**
 * What becomes of one call. `refuse`: the connection ends before anything is passed on. `cut`: the call has its effect
 * and its answer is lost. `half`: of its answer only the first half arrives. `hang`: nothing is passed on and nobody
 * answers.
 */
export const CALL_FAULTS = ["pass", "refuse", "cut", "half", "hang"] as const;
export type CallFault = (typeof CALL_FAULTS)[number];

/** One call on its way. `action` is the name of an AWS call, else `METHOD /path`. */
export type Seen = { method: string; path: string; action: string; body: Buffer };

/** `struck` runs at the very moment: before anything is passed on, or after the effect and before the answer. */
export type Sentence = CallFault | { callFault: CallFault; struck: () => void };
export type Judge = (seen: Seen) => Sentence | Promise<Sentence>;

/** Stands between a client and an HTTP server on this machine, and decides about each call. */
export class CuttingProxy {
  readonly origin: string;
  /** How often each action met each fault. */
  readonly hits = new Map<string, Record<CallFault, number>>();
  judge: Judge = () => "pass";
  /** Calls that are neither answered nor hanging. */
  underWay = 0;
  readonly #close: () => Promise<void>;

  constructor(origin: string, close: () => Promise<void>) {
    this.origin = origin;
    this.#close = close;
  }

  close(): Promise<void> {
    return this.#close();
  }

  async sentence(seen: Seen): Promise<{ callFault: CallFault; struck: () => void }> {
    const sentence = await this.judge(seen);
    const { callFault, struck } =
      typeof sentence === "string" ? { callFault: sentence, struck: () => undefined } : sentence;
    const known = this.hits.get(seen.action) ?? { pass: 0, refuse: 0, cut: 0, half: 0, hang: 0 };
    known[callFault]++;
    this.hits.set(seen.action, known);
    return { callFault, struck };
  }
}

/** Starts one in front of `target` (an origin), on loopback at any free port. */
export async function startCuttingProxy(target: string): Promise<CuttingProxy> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const sockets = new Set<Socket>();
  const server = createServer((incoming, outgoing) => {
    // Whoever asked may be gone by now; that is what this is for.
    outgoing.on("error", () => undefined);
    proxy.underWay++;
    void read(incoming)
      .then(
        (body) => pass(proxy, { incoming, outgoing, body, target, agent }),
        () => undefined,
      )
      .finally(() => proxy.underWay--);
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy = new CuttingProxy(
    `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    () =>
      new Promise((resolve) => {
        agent.destroy();
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  );
  return proxy;
}

type Passing = { incoming: IncomingMessage; outgoing: ServerResponse; body: Buffer; target: string; agent: Agent };

async function pass(proxy: CuttingProxy, passing: Passing): Promise<void> {
  const { incoming, outgoing } = passing;
  const { callFault, struck } = await proxy.sentence(seenOf(passing));
  if (callFault === "hang") return;
  if (callFault === "refuse") {
    struck();
    return void incoming.socket.destroy();
  }
  const answer = await forward(passing).catch(() => undefined);
  struck();
  if (callFault === "cut" || !answer) return void incoming.socket.destroy();
  if (outgoing.destroyed) return;
  outgoing.writeHead(answer.status, { ...answer.headers, "content-length": String(answer.body.length) });
  if (callFault === "pass") return void outgoing.end(answer.body);
  outgoing.write(answer.body.subarray(0, answer.body.length / 2), () => incoming.socket.destroy());
}

function seenOf({ incoming, body }: Passing): Seen {
  const { method = "GET", url = "/", headers } = incoming;
  const target = headers["x-amz-target"];
  const path = url.split("?")[0] ?? "/";
  return { method, path, action: typeof target === "string" ? target.replace(/^.*\./, "") : `${method} ${path}`, body };
}

type Answered = { status: number; headers: Record<string, string>; body: Buffer };

function forward({ incoming, body, target, agent }: Passing): Promise<Answered> {
  const { connection, "transfer-encoding": chunked, ...headers } = incoming.headers;
  return new Promise((resolve, reject) => {
    const onward = request(
      `${target}${incoming.url ?? "/"}`,
      { method: incoming.method ?? "GET", agent, headers: { ...headers, "content-length": String(body.length) } },
      (response) => {
        read(response).then((bytes) => resolve(answeredBy(response, bytes)), reject);
      },
    );
    onward.on("error", reject);
    onward.end(body);
  });
}

function answeredBy({ statusCode, headers }: IncomingMessage, body: Buffer): Answered {
  const kept = Object.entries(headers).flatMap(([name, value]) =>
    typeof value === "string" && name !== "connection" && name !== "transfer-encoding" ? [[name, value] as const] : [],
  );
  return { status: statusCode ?? 502, headers: Object.fromEntries(kept), body };
}

async function read(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
