import { parentPort, workerData } from "node:worker_threads";
import type { DeliberateFault } from "../invariants/deliberate-faults.ts";
import { loadWithFault } from "../simulation/load-fault.ts";
import { check } from "./checker.ts";

/** Nothing of `lib` may be loaded before the places are changed, so the ablations come after them, too. */
async function searched({ name, limit, fault }: { name: string; limit: number; fault?: DeliberateFault }) {
  const isChanged = fault ? loadWithFault(fault) : () => true;
  const { refundModel } = await import("./refunds.ts");
  const { REFUND_ABLATIONS, refundRulesWithout } = await import("./refunds-ablations.ts");
  if (!isChanged()) throw new Error(`"${name}" changes nothing that is loaded`);
  const ablation = REFUND_ABLATIONS.find((known) => known.name === name);
  if (!ablation) throw new Error(`no rule of refunds is named "${name}"`);
  const model = refundModel(ablation.bounds, refundRulesWithout(ablation));
  const invariants = model.invariants.filter((known) => !("breaks" in ablation) || known.name === ablation.breaks);
  return check({ ...model, invariants }, limit);
}

parentPort?.postMessage(await searched(workerData));
