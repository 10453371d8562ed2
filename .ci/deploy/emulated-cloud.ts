import type { ChildProcess } from "node:child_process";
import { request as httpRequest } from "node:http";
import { endOf, startChild } from "../../commands/children.ts";
import { freePort } from "../../local/dynamo/free-port.ts";
import { type Listening, type Request, serve } from "../../local/serve.ts";
import { pythonEnvironment } from "../python.ts";

const READY_MS = 60_000;

/** An emulator of AWS in one process, without Docker. It keeps everything in memory. */
export class EmulatedCloud {
  readonly endpoint: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly #process: ChildProcess;

  private constructor(port: number, process: ChildProcess, environment: NodeJS.ProcessEnv) {
    this.endpoint = `http://127.0.0.1:${port}`;
    this.#process = process;
    this.environment = { ...environment, AWS_ENDPOINT_URL: this.endpoint };
  }

  static async start(): Promise<EmulatedCloud> {
    const home = await pythonEnvironment("ministack", ".ci/deploy/requirements.txt");
    const port = await freePort();
    const environment = {
      ...process.env,
      AWS_REGION: "eu-west-1",
      AWS_DEFAULT_REGION: "eu-west-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      CDK_DISABLE_VERSION_CHECK: "1",
      // The emulator runs functions with the first `node` in PATH. It must be the version that the project pins.
      PATH: `${process.cwd()}/node_modules/.bin:${process.env["PATH"]}`,
    };
    const ministack = startChild(`${home}/bin/ministack`, [], {
      env: {
        ...environment,
        BIND_HOST: "127.0.0.1",
        IOT_MTLS_ENABLED: "0",
        LAMBDA_EXECUTOR: "local",
        GATEWAY_PORT: String(port),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const cloud = new EmulatedCloud(port, ministack, environment);
    ministack.stdout?.on("data", (text) => cloud.#keep(text));
    ministack.stderr?.on("data", (text) => cloud.#keep(text));
    await cloud.#ready();
    return cloud;
  }

  #output: string[] = [];

  /** The end of the emulator's output, at most 20,000 characters, to show why something failed. */
  get lastOutput(): string {
    return this.#output.join("").slice(-20_000);
  }

  /**
   * Calls an AWS API that uses JSON, such as `secretsmanager.PutSecretValue`.
   *
   * @returns the body of the response
   * @throws Error for any status other than 2xx
   */
  async ask(service: string, target: string, body: object): Promise<string> {
    const response = await fetch(this.endpoint, {
      method: "POST",
      headers: { ...credentialsFor(service), "content-type": "application/x-amz-json-1.1", "x-amz-target": target },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${target}: ${response.status} ${text.slice(0, 300)}`);
    return text;
  }

  async invoke(functionName: string): Promise<string> {
    const response = await fetch(`${this.endpoint}/2015-03-31/functions/${functionName}/invocations`, {
      method: "POST",
      headers: credentialsFor("lambda"),
      body: "{}",
    });
    return response.text();
  }

  /** A proxy on loopback. It sets the `host` header to the host of `url`, by which the emulator finds the API. */
  proxyFor(name: string, url: string): Promise<Listening> {
    const { host } = new URL(url);
    return serve(name, 0, (request) => this.#pass(request, host));
  }

  async stop(): Promise<void> {
    const ended = endOf(this.#process);
    this.#process.kill("SIGTERM");
    await ended;
  }

  #pass({ method, path, query, headers, body }: Request, host: string) {
    const { hostname, port } = new URL(this.endpoint);
    const search = query.size > 0 ? `?${query}` : "";
    return new Promise<{ status: number; headers: Record<string, string>; body: Buffer }>((resolve, reject) => {
      const outgoing = httpRequest(
        { hostname, port, method, path: `${path}${search}`, headers: { ...headers, host } },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
          incoming.on("end", () => {
            const { "transfer-encoding": _, "content-length": __, connection: ___, ...kept } = incoming.headers;
            const flat = Object.entries(kept).map(([key, value]) => [key, String(value)] as const);
            resolve({
              status: incoming.statusCode ?? 0,
              headers: Object.fromEntries(flat),
              body: Buffer.concat(chunks),
            });
          });
        },
      );
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  }

  #keep(text: unknown): void {
    this.#output.push(String(text));
    if (this.#output.length > 2_000) this.#output = this.#output.slice(-1_000);
  }

  async #ready(): Promise<void> {
    for (const end = Date.now() + READY_MS; Date.now() < end; ) {
      const response = await fetch(`${this.endpoint}/_ministack/health`).catch(() => undefined);
      if (response?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error(`the emulator did not start:\n${this.lastOutput}`);
  }
}

function credentialsFor(service: string): Record<string, string> {
  const scope = `test/20260101/eu-west-1/${service}/aws4_request`;
  return { authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0` };
}
