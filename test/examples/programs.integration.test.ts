import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { HOUR_MS } from "../../lib/domain/time.ts";
import { LOCAL_IDENTITY } from "../../local/iam.ts";
import { USERS } from "../../local/users.ts";
import { type CuttingProxy, startCuttingProxy } from "../support/cutting-proxy.ts";
import { onlyPaymentOf, openStage } from "../support/stage.ts";

type Stage = Awaited<ReturnType<typeof openStage>>;
let stage: Stage;
let proxy: CuttingProxy;
beforeAll(async () => {
  stage = await openStage();
  proxy = await startCuttingProxy(stage.cloud.address.api);
});
beforeEach(async () => {
  proxy.judge = () => "pass";
  await stage.cloud.reset();
  // Programs keep the time of their machine, also while the local cloud is ahead.
  await stage.cloud.clock.advance(HOUR_MS);
});
afterAll(() => Promise.all([proxy.close(), stage.close()]));

type Program = { name: string; command: [string, ...string[]] };
const typescript = (name: string): Program => ({
  name,
  command: [process.execPath, "--conditions=chapa-payments-source", `examples/server/${name}`],
});
const python = (name: string): Program => ({ name, command: ["python3", `examples/server/${name}`] });
const PROGRAMS = [typescript("pay.ts"), typescript("signed.ts"), python("pay.py"), python("signed.py")];

/** Starts a program as its first lines say. @returns its lines, its complaints and its exit code */
function start({ command: [program, ...args] }: Program, env: Record<string, string> = {}) {
  const child = spawn(program, [...args, USERS.owner.id, stage.addProperty()], {
    env: {
      PATH: process.env["PATH"],
      PAYMENTS_URL: proxy.origin,
      PAYMENTS_API_KEY: stage.cloud.address.apiKey,
      AWS_ACCESS_KEY_ID: LOCAL_IDENTITY.accessKeyId,
      AWS_SECRET_ACCESS_KEY: LOCAL_IDENTITY.secretAccessKey,
      PYTHONDONTWRITEBYTECODE: "1",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async () => String((await lines.next()).value ?? "");
  return { next, complaints: text(child.stderr), ended: once(child, "exit").then(([code]) => code) };
}

test.each(PROGRAMS)(
  "$name whose first answer is lost opens one checkout, and ends when it is paid",
  async (program) => {
    let calls = 0;
    proxy.judge = () => (++calls === 1 ? "cut" : "pass");
    const { next, complaints, ended } = start(program);
    const [, url = ""] = /^pay here: (\S+)$/.exec(await next()) ?? [];
    expect(calls).toBeGreaterThan(1);
    await stage.caller.act(url, "pay");
    expect(await next()).toMatch(/^SUCCESS: 500(\.0)? ETB$/);
    expect([await ended, await complaints]).toEqual([0, ""]);
    const { attempts } = await onlyPaymentOf(stage);
    expect(Object.keys(attempts)).toHaveLength(1);
  },
);

test.each(PROGRAMS)("$name with wrong credentials names the refusal and fails", async (program) => {
  const { complaints, ended } = start(program, { PAYMENTS_API_KEY: "wrong", AWS_SECRET_ACCESS_KEY: "wrong" });
  expect([await ended, await complaints]).toEqual([1, expect.stringMatching(/unauthenticated|answer_unknown|403/)]);
});
