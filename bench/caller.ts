import { Agent, request } from "node:http";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { type Answered, Job } from "./job.ts";

// The calls come from a process of their own, so that their work is not counted as the cloud's.
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await play(Job.parse(JSON.parse(line))))}\n`);
}

async function play({ calls, lanes }: Job): Promise<Answered> {
  const answered: Answered = { seconds: 0, answers: [] };
  const startedAt = performance.now();
  let next = 0;
  const lane = async () => {
    for (let index = next++; index < calls.length; index = next++) {
      const one = calls[index];
      if (one) answered.answers[index] = await call(one);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  answered.seconds = (performance.now() - startedAt) / 1000;
  return answered;
}

async function call({ method, url, headers, body }: Job["calls"][number]): Promise<Answered["answers"][number]> {
  const startedAt = performance.now();
  const sent = request(url, { method, headers, agent });
  sent.end(body);
  const response = await new Promise<import("node:http").IncomingMessage>((resolve, reject) => {
    sent.once("response", resolve);
    sent.once("error", reject);
  });
  const answer = await text(response);
  return { ms: performance.now() - startedAt, status: response.statusCode ?? 0, body: answer };
}
