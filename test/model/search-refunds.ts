import { Worker } from "node:worker_threads";
import type { DeliberateFault } from "../invariants/deliberate-faults.ts";
import type { Report } from "./checker.ts";
import type { Books } from "./refunds.ts";
import type { RefundAblation } from "./refunds-ablations.ts";

/** Searches without a rule, on a thread of its own, because it may load lib with another text. */
export function searchWithout(ablation: RefundAblation, limit: number): Promise<Report<Books>> {
  const workerData = { name: ablation.name, limit, fault: faultOf(ablation) };
  const worker = new Worker(new URL("./refunds-worker.ts", import.meta.url), { workerData });
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("message", (report: Report<Books>) => {
      resolve(report);
      void worker.terminate();
    });
  });
}

export function faultOf(ablation: RefundAblation): DeliberateFault | undefined {
  if (!("edits" in ablation)) return undefined;
  const [first, ...also] = ablation.edits;
  return first && { name: ablation.name, of: "refunds", caughtBy: [], ...first, also };
}
