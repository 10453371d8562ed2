import { request as overHttp } from "node:http";
import { request as overHttps } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";

export type Outgoing = {
  method: "POST" | "GET";
  url: string;
  headers: Record<string, string>;
  body: Buffer;
  /** Sends the body slowly, over this many real milliseconds. */
  slowMs?: number | undefined;
};

/** The HTTP status, or why there is none. */
export type Outcome = number | "timeout" | "unreachable" | "aborted";

const PIECES = 10;

/**
 * Sends one request on a connection of its own. A GET may have a body. Never throws.
 * @param options.timeoutMs real milliseconds until the answer must arrive after the body was sent
 */
export async function sendOut(
  { method, url, headers, body, slowMs = 0 }: Outgoing,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<Outcome> {
  if (!URL.canParse(url)) return "unreachable";
  const deadline = AbortSignal.timeout(timeoutMs + slowMs);
  const length: Record<string, string> =
    body.length > 0 || method === "POST" ? { "content-length": `${body.length}` } : {};
  try {
    const outgoing = (url.startsWith("https:") ? overHttps : overHttp)(url, {
      method,
      headers: { "user-agent": "chapa-simulator", ...headers, ...length },
      agent: false,
      signal: AbortSignal.any([deadline, signal]),
    });
    const status = new Promise<number>((resolve, reject) => {
      outgoing.on("error", reject);
      outgoing.on("response", (answer) => {
        answer.on("error", reject);
        answer.on("end", () => resolve(answer.statusCode ?? 0));
        answer.resume();
      });
    });
    // The receiver may close the connection during a slow body. This keeps the rejection handled until the await below.
    status.catch(() => undefined);
    if (slowMs > 0) await trickle(outgoing, body, slowMs);
    else outgoing.write(body);
    outgoing.end();
    return await status;
  } catch {
    return signal.aborted ? "aborted" : deadline.aborted ? "timeout" : "unreachable";
  }
}

async function trickle(outgoing: { write(piece: Buffer): boolean }, body: Buffer, slowMs: number): Promise<void> {
  const size = Math.max(Math.ceil(body.length / PIECES), 1);
  for (let from = 0; from < body.length; from += size) {
    outgoing.write(body.subarray(from, from + size));
    await sleep(slowMs / PIECES);
  }
}
