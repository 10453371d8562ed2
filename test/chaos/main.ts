import { parseArgs } from "node:util";
import { type DeliberateFault, faultsFor } from "../invariants/deliberate-faults.ts";
import { FATES } from "../support/cutting-proxy.ts";
import { countOf } from "../support/options.ts";
import { listOf, reportEnding, say } from "./report.ts";
import { type Chaos, chaos } from "./run.ts";

const FAULTS = faultsFor("chaos");

const HELP = `The real functions in processes that are killed with SIGKILL, frozen, cut off from the table, the queues, Chapa and the
listing, and wrong about the time; then the invariants are checked.

  npm run chaos -- [options]

  --kills N      at least so many (default 200)
  --payments N   at least so many (default 200)
  --seed N       what chance decides (default 1); processes make no two runs the same
  --workers N    processes side by side (default 8)
  --fault NAME   with a deliberate fault: ${FAULTS.map(({ name }) => `"${name}"`).join(", ")}
  --deliberate   each of those faults in turn: an invariant must notice every one
  --help         this text

Exits 1 when an invariant was broken, and tells everything about that payment; also when nothing was paid.
`;

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    payments: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    workers: { type: "string", default: "8" },
    fault: { type: "string" },
    deliberate: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const seed = countOf("seed", values.seed);
const kills = countOf("kills", values.kills);
const payments = countOf("payments", values.payments);
const workers = countOf("workers", values.workers);

async function run(fault: DeliberateFault | undefined): Promise<Chaos> {
  if (fault) say(`deliberate fault: ${fault.name}`);
  return chaos({ seed, kills, payments, workers, fault, say });
}

/** Every deliberate fault that must be noticed here. */
async function deliberate(): Promise<void> {
  let found = 0;
  for (const fault of FAULTS) {
    const { violations } = await run(fault);
    const broken = new Set(violations.map(({ invariant }) => invariant));
    say(broken.size > 0 ? `    noticed by: ${[...broken].join(", ")}` : "    NOT NOTICED");
    if (broken.size > 0) found++;
  }
  say(`\n${found} of ${FAULTS.length} deliberate faults were noticed`);
  if (found < FAULTS.length) process.exitCode = 1;
}

async function main(): Promise<void> {
  const fault = FAULTS.find(({ name }) => name === values.fault);
  if (values.fault !== undefined && !fault) {
    say(`there is no fault "${values.fault}"; there are: ${FAULTS.map(({ name }) => name).join("; ")}`);
    process.exitCode = 2;
    return;
  }
  const done = await run(fault);
  tellFaults(done);
  const isRight = reportEnding(done);
  const again = `npm run chaos -- --kills ${kills} --payments ${payments} --seed ${seed}`;
  say(
    `\n${done.host.kills} kills, ${done.stats.payments} payments, ${done.captures} captures: ${done.violations.length} violations (seed ${seed})`,
  );
  if (done.violations.length > 0) say(`again, though never quite the same: ${again}`);
  const isShort = done.host.kills < kills || done.stats.payments < payments;
  if (isShort) say("LESS HAPPENED THAN WAS ASKED FOR");
  if (isShort || !isRight) process.exitCode = 1;
}

function tellFaults({ host, stats, dead, seconds, transactions }: Chaos): void {
  if (!host.canShiftClocks) say("no faketime here (apt-get install faketime): every process had the right time");
  say(["call".padEnd(44), ...FATES.map((fate) => fate.padStart(8))].join(""));
  for (const [action, hits] of [...host.fates].sort()) {
    say([action.padEnd(44), ...FATES.map((fate) => String(hits[fate]).padStart(8))].join(""));
  }
  say(
    `\nfrozen: ${host.freezes}; cancels: ${stats.cancels}; presses: ${stats.presses}; transactions at Chapa: ${transactions}`,
  );
  say(`dead letters: ${listOf(Object.entries(dead))}`);
  say(`${seconds.chaos} s of chaos, ${seconds.recovery} s of recovery`);
}

if (values.help) process.stdout.write(HELP);
else if (values.deliberate) await deliberate();
else await main();
