import { Command } from "../../commands/command.ts";
import { flag, integer, optionalChoice } from "../../commands/options.ts";
import { Progress } from "../../commands/progress.ts";
import { type DeliberateFault, faultsFor } from "../invariants/deliberate-faults.ts";
import { CALL_FAULTS } from "../support/cutting-proxy.ts";
import { listOf, reportEnding, say } from "./report.ts";
import { type Chaos, chaos } from "./run.ts";

const FAULTS = faultsFor("chaos");

const command = new Command({
  name: "npm run chaos",
  summary: `Runs the real functions in processes, while it kills and freezes them, cuts their connections to the table, the
queues, Chapa and the listing, and shifts their clocks. Then it checks the invariants.`,
  duration: "2 minutes for 200 kills; half an hour for --deliberate",
  options: {
    kills: integer("at least this many kills", 200),
    payments: integer("at least this many payments", 200),
    seed: integer("the seed of random choices; two runs are still never the same", 1),
    workers: integer("number of processes", 8),
    fault: optionalChoice(
      "with a deliberate fault",
      FAULTS.map(({ name }) => name),
    ),
    deliberate: flag("runs each of those faults; an invariant must detect every one"),
  },
  examples: {
    "npm run chaos -- --kills 1000 --payments 1000": "more kills and payments",
    "npm run chaos -- --deliberate": "shows that each deliberate fault is detected",
  },
  notes:
    "Exits with 1 if an invariant is broken, and prints the whole story of that payment. Also exits with 1 if nothing was paid.",
});

const progress = new Progress();
const values = command.read();
const { seed, kills, payments, workers } = values;

async function run(fault: DeliberateFault | undefined): Promise<Chaos> {
  if (fault) say(`deliberate fault: ${fault.name}`);
  const done = await chaos({ seed, kills, payments, workers, fault, say: (text) => progress.show(text) });
  progress.end();
  return done;
}

/** Runs every deliberate fault that the chaos run must detect. */
async function deliberate(): Promise<void> {
  let found = 0;
  for (const fault of FAULTS) {
    const { violations } = await run(fault);
    const broken = new Set(violations.map(({ invariant }) => invariant));
    say(broken.size > 0 ? `    detected by: ${[...broken].join(", ")}` : "    NOT DETECTED");
    if (broken.size > 0) found++;
  }
  say(`\n${found} of ${FAULTS.length} deliberate faults were detected`);
  if (found < FAULTS.length) process.exitCode = 1;
}

async function main(): Promise<void> {
  const fault = FAULTS.find(({ name }) => name === values.fault);
  const done = await run(fault);
  reportFaults(done);
  const isRight = reportEnding(done);
  const again = `npm run chaos -- --kills ${kills} --payments ${payments} --seed ${seed}`;
  say(
    `\n${done.host.kills} kills, ${done.stats.payments} payments, ${done.captures} captures: ${done.violations.length} violations (seed ${seed})`,
  );
  if (done.violations.length > 0) say(`to run it again (two runs are never the same): ${again}`);
  const isShort = done.host.kills < kills || done.stats.payments < payments;
  if (isShort) say("FEWER KILLS OR PAYMENTS THAN REQUESTED");
  if (isShort || !isRight) process.exitCode = 1;
}

function reportFaults({ host, stats, dead, seconds, transactions }: Chaos): void {
  if (!host.canShiftClocks) say("faketime is not installed (apt-get install faketime), so no clock was shifted");
  say(["call".padEnd(44), ...CALL_FAULTS.map((callFault) => callFault.padStart(8))].join(""));
  for (const [action, hits] of [...host.callFaults].sort()) {
    say([action.padEnd(44), ...CALL_FAULTS.map((callFault) => String(hits[callFault]).padStart(8))].join(""));
  }
  say(
    `\nfrozen: ${host.freezes}; cancels: ${stats.cancels}; presses: ${stats.presses}; transactions at Chapa: ${transactions}`,
  );
  say(`dead letters: ${listOf(Object.entries(dead))}`);
  say(`${seconds.chaos} s of chaos, ${seconds.recovery} s of recovery`);
}

if (values.deliberate) await deliberate();
else await main();
