import type { Happened } from "./scheduler.ts";

const PARTS: Record<string, string> = {
  table: "Table",
  chapa: "Chapa",
  queue: "Queues",
  listing: "Listing",
  notification: "Notification",
  clock: "Clock",
  world: "SimulatorState",
};
const ARROWS = {
  ok: "->>",
  errorBefore: "-x",
  errorAfter: "-x",
  crashBefore: "-x",
  crashAfter: "-x",
  never: "-x",
} as const;
const WORDS = {
  ok: "",
  errorBefore: " (error before)",
  errorAfter: " (done, answer lost)",
  crashBefore: " (dies before)",
  crashAfter: " (done, dies after)",
  never: " (never happens)",
} as const;

/** The calls of a run as a Mermaid sequence diagram. */
export function diagramOf(calls: readonly Happened[]): string {
  const names = new Map<string, string>();
  for (const { task } of calls) if (!names.has(task.name)) names.set(task.name, `t${names.size}`);
  const participants = [...names].map(([name, id]) => `  participant ${id} as ${name.replaceAll("#", "no ")}`);
  const others = Object.values(PARTS).map((part) => `  participant ${part}`);
  let time = 0;
  const lines = calls.flatMap(({ at, site, about, task, fault }) => {
    const [part = "", verb = ""] = site.split(".");
    const note = at === time ? [] : [`  Note over Table: ${new Date(at).toISOString()}`];
    time = at;
    const line = `  ${names.get(task.name)}${ARROWS[fault]}${PARTS[part] ?? part}: ${verb} ${about}${WORDS[fault]}`;
    return [...note, line];
  });
  return ["sequenceDiagram", ...participants, ...others, ...lines].join("\n");
}

/** Plays a run and draws it, with its result at the end. @returns `error`: undefined if all invariants hold */
export async function retold(
  play: (trace: (calls: Happened[]) => void) => Promise<unknown>,
): Promise<{ diagram: string; error: unknown }> {
  let calls: Happened[] = [];
  let error: unknown;
  try {
    await play((trace) => {
      calls = trace;
    });
  } catch (caught) {
    error = caught;
  }
  return {
    diagram: `${diagramOf(calls)}\n%% ${error === undefined ? "no invariant is broken" : String(error)}`,
    error,
  };
}
