import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CallFailed, call } from "../../lib/runtime/call.ts";

const REPLY = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/** A server that does with its n-th connection, or with each request on it, what it is told. */
let server: Server;
let url: string;
let requests: number;
let onRequest: (socket: Socket, request: number) => void;

beforeEach(async () => {
  requests = 0;
  server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", () => onRequest(socket, ++requests));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterEach(() => {
  server.close();
});

const failure = async (method: "GET" | "POST", timeoutMs = 1_000) => {
  try {
    await call({ method, url, timeoutMs });
  } catch (error) {
    if (error instanceof CallFailed) return error;
  }
  throw new Error("it did not fail");
};

test("a GET whose kept connection was closed meanwhile is sent again", async () => {
  onRequest = (socket, request) => (request === 2 ? socket.resetAndDestroy() : socket.write(REPLY));
  await call({ method: "GET", url, timeoutMs: 1_000 });
  expect(await call({ method: "GET", url, timeoutMs: 1_000 })).toEqual({ status: 200, text: "ok" });
  expect(requests).toBe(3);
});

test("a call that breaks is never sent again when it may have had an effect", async () => {
  onRequest = (socket) => socket.resetAndDestroy();
  expect(await failure("POST")).toMatchObject({ sent: true, reason: "ECONNRESET" });
  expect(requests).toBe(1);
});

test("a call is sent twice at most", async () => {
  onRequest = (socket) => socket.resetAndDestroy();
  await failure("GET");
  expect(requests).toBe(2);
});

test("a call ends at its deadline, whatever the other side does", async () => {
  onRequest = (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nok");
  expect(await failure("GET", 100)).toMatchObject({ sent: true, reason: "timeout" });
});

test("a call to a port where nothing listens counts as never sent", async () => {
  server.close();
  await once(server, "close");
  expect(await failure("POST")).toMatchObject({ sent: false, reason: "ECONNREFUSED" });
});

test("a GET that is answered 5xx is sent once more if its caller asks for that, and nothing else is", async () => {
  onRequest = (socket, request) =>
    socket.write(request === 1 ? "HTTP/1.1 500 No\r\ncontent-length: 2\r\n\r\nno" : REPLY);
  expect(await call({ method: "GET", url, timeoutMs: 1_000, isRepeated: true })).toEqual({ status: 200, text: "ok" });
  requests = 0;
  expect(await call({ method: "GET", url, timeoutMs: 1_000 })).toMatchObject({ status: 500 });
  requests = 0;
  expect(await call({ method: "POST", url, timeoutMs: 1_000, isRepeated: true })).toMatchObject({ status: 500 });
});

test("a GET that is answered 5xx and then cut off is not sent a third time", async () => {
  onRequest = (socket, request) =>
    request === 1 ? socket.write("HTTP/1.1 500 No\r\ncontent-length: 2\r\n\r\nno") : socket.resetAndDestroy();
  await expect(call({ method: "GET", url, timeoutMs: 1_000, isRepeated: true })).rejects.toThrow(CallFailed);
  expect(requests).toBe(2);
});

test("a response is read up to its caller's limit, and beyond it the call fails", async () => {
  onRequest = (socket) => socket.write(REPLY);
  expect(await call({ method: "GET", url, timeoutMs: 1_000, maxBytes: 2 })).toMatchObject({ text: "ok" });
  await expect(call({ method: "GET", url, timeoutMs: 1_000, maxBytes: 1 })).rejects.toThrow("reply too large");
});
