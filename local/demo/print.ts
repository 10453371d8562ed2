import { styleText } from "node:util";
import { Progress } from "../../commands/progress.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import type { Played } from "./play.ts";
import type { Lane } from "./timeline.ts";

type Style = Parameters<typeof styleText>[0];

const LANES: Record<Lane, { name: string; style: Style }> = {
  clock: { name: "clock", style: "dim" },
  owner: { name: "owner", style: "cyan" },
  program: { name: "program", style: "cyan" },
  payments: { name: "payments", style: "bold" },
  chapa: { name: "Chapa", style: "green" },
  listing: { name: "listing", style: "magenta" },
  notice: { name: "message", style: "yellow" },
  users: { name: "users", style: "blue" },
  redis: { name: "Redis", style: "blue" },
};
const TEXT_LIMIT = 150;

/** The timeline of one scenario as text. */
export function story({ scenario, startedAt, entries }: Played): string {
  const lines = entries.map(({ at, lane, text }) => {
    const { name, style } = LANES[lane];
    const when = passed(at - startedAt).padStart(12);
    return `${paint("dim", when)}  ${paint(style, name.padEnd(9))} ${lane === "clock" ? paint("dim", text) : cut(text)}`;
  });
  return ["", `  ${paint("bold", scenario.name)}  ${scenario.title}`, "", ...lines, ""].join("\n");
}

/** The claims of one scenario as text, and whether each holds. */
export function verdict({ findings, tookMs }: Played): string {
  const lines = findings.map(({ claim, holds, got }) =>
    holds ? `    ${paint("green", "✓")} ${claim}` : `    ${paint("red", "✗")} ${claim}\n      got: ${got}`,
  );
  return [...lines, paint("dim", `    ${(tookMs / SECOND_MS).toFixed(1)} s`), ""].join("\n");
}

export function headline({ scenario, findings }: Played): string {
  const mark = findings.every(({ holds }) => holds) ? paint("green", "ok  ") : paint("red", "FAIL");
  return `${mark} ${paint("bold", scenario.name)}  ${scenario.title}`;
}

/** Shows a progress line on terminals while `work` runs. */
export async function whileWorking<Value>(text: string, work: () => Promise<Value>): Promise<Value> {
  const progress = new Progress();
  const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
  let frame = 0;
  const timer = setInterval(() => progress.show(`${frames[frame++ % frames.length]} ${text}`), 80);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    progress.end();
  }
}

export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

function passed(ms: number): string {
  if (ms < MINUTE_MS) return `${(ms / SECOND_MS).toFixed(2)} s`;
  const days = Math.floor(ms / DAY_MS);
  const clock = [
    Math.floor((ms % DAY_MS) / HOUR_MS),
    Math.floor((ms % HOUR_MS) / MINUTE_MS),
    Math.floor((ms % MINUTE_MS) / SECOND_MS),
  ];
  const text = clock.map((part) => String(part).padStart(2, "0")).join(":");
  return days > 0 ? `${days} d ${text}` : text;
}

function cut(text: string): string {
  return text.length > TEXT_LIMIT ? `${text.slice(0, TEXT_LIMIT - 1)}…` : text;
}
