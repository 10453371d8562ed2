import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import dynalite from "dynalite";
import { freePort } from "./free-port.ts";
import { type Layer, startLayer } from "./layer.ts";
import { dynamo } from "./requests.ts";

export const ENGINES = ["dynoxide", "dynalite"] as const;
export type EngineName = (typeof ENGINES)[number];
export type Engine = { name: EngineName; endpoint: string; layer: Layer; close(): Promise<void> };

// It takes milliseconds; on a machine that does much else, seconds.
const START_MS = 60_000;
const POLL_MS = 5;
const WHILE_READING = '"$0" "$@" & cat; kill -9 $!; wait';

/** The engines that this machine can run, the fastest first. */
export function availableEngines(): EngineName[] {
  return binary() ? ["dynoxide", "dynalite"] : ["dynalite"];
}

/** Starts an empty engine in memory, on any free port. @throws Error if it does not start within 10 s */
export function startEngine(name: EngineName = availableEngines()[0] ?? "dynalite"): Promise<Engine> {
  return name === "dynoxide" ? startDynoxide() : startDynalite();
}

async function startDynalite(): Promise<Engine> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0 });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const layer = await startLayer(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, "dynalite");
  return {
    name: "dynalite",
    endpoint: layer.endpoint,
    layer,
    close: async () => {
      await layer.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function startDynoxide(): Promise<Engine> {
  const path = binary();
  if (!path) throw new Error("dynoxide is not available for this platform");
  const port = await freePort();
  // The shell reads from a pipe that closes when this process ends, and then kills the program. The program has a process
  // group of its own: Ctrl+C goes to the whole group of the terminal, and the table must live longer than its users.
  const child = spawn("/bin/sh", ["-c", WHILE_READING, path, "serve", "--host", "127.0.0.1", "--port", String(port)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  const exited = once(child, "exit");
  const behind = `http://127.0.0.1:${port}`;
  await answering(behind);
  const layer = await startLayer(behind, "dynoxide");
  return {
    name: "dynoxide",
    endpoint: layer.endpoint,
    layer,
    close: async () => {
      await layer.close();
      child.stdin.end();
      await exited;
    },
  };
}

async function answering(endpoint: string): Promise<void> {
  const end = performance.now() + START_MS;
  for (;;) {
    try {
      await dynamo(endpoint, "ListTables", {});
      return;
    } catch (error) {
      if (performance.now() > end) throw new Error(`DynamoDB did not start at ${endpoint}`, { cause: error });
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

// The package contains only the program, and exists for only one platform.
function binary(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve("@dynoxide/linux-x64/dynoxide");
  } catch {
    return undefined;
  }
}
