import { appendFileSync } from "node:fs";
import * as z from "zod";

// Starts a function as Lambda does: it is loaded at full speed, and its first request has a share of the processor.
const [file = "", event = "{}", group = ""] = process.argv.slice(2);
const Loaded = z.object({ handler: z.custom<(event: unknown, context: unknown) => Promise<unknown>>() });
const Answer = z.looseObject({ statusCode: z.literal(200).optional() });

const startedAt = performance.now();
const { handler } = Loaded.parse(await import(file));
const loadedAt = performance.now();
appendFileSync(group, String(process.pid));
const askedAt = performance.now();
const answer = await handler(JSON.parse(event), {
  awsRequestId: "bench",
  functionName: "bench",
  getRemainingTimeInMillis: () => 20_000,
});
const answeredAt = performance.now();
Answer.parse(answer);
process.stdout.write(`\n${JSON.stringify({ init: loadedAt - startedAt, first: answeredAt - askedAt })}\n`);
process.exit(0);
