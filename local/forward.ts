import { Agent, request } from "node:http";
import type { Answer, Request } from "./serve.ts";

// What the emulators of AWS's JSON protocol read.
const PASSED_ON = ["content-type", "x-amz-target", "x-amz-date", "authorization"];
const CONTENT_TYPE = { "content-type": "application/x-amz-json-1.0" };

/** Passes requests on to an emulator of an AWS service in this machine, over connections that stay open. */
export class Forwarder {
  readonly #origin: string;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(origin: string) {
    this.#origin = origin;
  }

  send({ method, path, headers, body }: Request): Promise<Answer> {
    const passed = Object.fromEntries(PASSED_ON.flatMap((name) => (headers[name] ? [[name, headers[name]]] : [])));
    return new Promise((resolve, reject) => {
      const onward = request(
        `${this.#origin}${path}`,
        { method, agent: this.#agent, headers: { ...passed, "content-length": body.length } },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () =>
            resolve({ status: response.statusCode ?? 502, headers: CONTENT_TYPE, body: Buffer.concat(chunks) }),
          );
        },
      );
      onward.on("error", reject);
      onward.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
