import { openSync, writeSync } from "node:fs";
import { inject } from "vitest";

// Every record that a function writes while tests run goes to a file, at the level that is deployed, and is read when
// all of them are done. See scan-records.ts.
const file = openSync(`${inject("records")}/${process.pid}.jsonl`, "a");
for (const stream of [process.stdout, process.stderr]) {
  const write = stream.write.bind(stream);
  stream.write = ((chunk: string | Uint8Array, ...rest: never[]) => {
    const text = typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8");
    if (!/^\{"(?:level|_aws)":/.test(text)) return write(chunk, ...rest);
    writeSync(file, text);
    return true;
  }) as typeof stream.write;
}
