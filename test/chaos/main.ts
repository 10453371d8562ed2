import { parseArgs } from "node:util";
import { FATES } from "../support/cutting-proxy.ts";
import { countOf } from "../support/options.ts";
import { DELIBERATE_FAULTS, type DeliberateFault } from "./deliberate.ts";
import { type Chaos, chaos } from "./run.ts";

const HELP = `The real functions in processes that are killed with SIGKILL, frozen, cut off from the table, the queues, Chapa and the
listing, and wrong about the time; then the laws are checked.

  npm run chaos -- [options]

  --kills N      at least so many (default 200)
  --payments N   at least so many (default 200)
  --seed N       what chance decides (default 1); processes make no two runs the same
  --workers N    processes side by side (default 8)
  --fault NAME   with a design that is wrong on purpose: ${DELIBERATE_FAULTS.map(({ name }) => name).join(", ")}
  --deliberate   each of those designs in turn: a law must notice every one
  --help         this text

Exits 1 when a law was broken, and tells everything about that payment; also when nothing was paid.
`;

const say = (text: string) => process.stdout.write(`${text}\n`);
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
  if (fault) say(`on purpose: ${fault.says}`);
  return chaos({ seed, kills, payments, workers, fault, say });
}

/** Every design that is wrong on purpose. */
async function deliberate(): Promise<void> {
  let found = 0;
  for (const fault of DELIBERATE_FAULTS) {
    const { violations } = await run(fault);
    const laws = new Set(violations.map(({ law }) => law));
    say(laws.size > 0 ? `    noticed: ${[...laws].join("; ")}` : "    NOT NOTICED");
    if (laws.size > 0) found++;
  }
  say(`\n${found} of ${DELIBERATE_FAULTS.length} designs that are wrong on purpose were noticed`);
  if (found < DELIBERATE_FAULTS.length) process.exitCode = 1;
}

async function main(): Promise<void> {
  const fault = DELIBERATE_FAULTS.find(({ name }) => name === values.fault);
  if (values.fault !== undefined && !fault) {
    say(`there is no fault "${values.fault}"; there are: ${DELIBERATE_FAULTS.map(({ name }) => name).join("; ")}`);
    process.exitCode = 2;
    return;
  }
  const done = await run(fault);
  report(done);
  for (const { law, of, how, story } of done.violations) say(`\nBROKEN: ${law}\n  ${of}: ${how}\n${story}`);
  const again = `npm run chaos -- --kills ${kills} --payments ${payments} --seed ${seed}`;
  say(
    `\n${done.host.kills} kills, ${done.stats.payments} payments, ${done.captures} captures: ${done.violations.length} violations (seed ${seed})`,
  );
  if (done.violations.length > 0) say(`again, though never quite the same: ${again}`);
  // Where nobody could pay, or too few were killed, too little was tried.
  const isShort = done.captures === 0 || done.host.kills < kills || done.stats.payments < payments;
  if (isShort) say("LESS HAPPENED THAN WAS ASKED FOR");
  if (isShort || done.violations.length > 0 || done.stuck > 0 || done.host.deaths.length > 0) process.exitCode = 1;
}

function report({ host, stats, states, dead, seconds, stuck, transactions }: Chaos): void {
  if (!host.canShiftClocks) say("no faketime here (apt-get install faketime): every process had the right time");
  say(["call".padEnd(44), ...FATES.map((fate) => fate.padStart(8))].join(""));
  for (const [action, hits] of [...host.fates].sort()) {
    say([action.padEnd(44), ...FATES.map((fate) => String(hits[fate]).padStart(8))].join(""));
  }
  const list = (counts: Iterable<[string, number]>) =>
    [...counts].map(([name, count]) => `${name} ×${count}`).join(", ");
  say(`\nanswers: ${list([...stats.answers].sort())}`);
  say(`workers' records: ${list([...host.records].sort()) || "none"}`);
  say(
    `frozen: ${host.freezes}; cancels: ${stats.cancels}; presses: ${stats.presses}; transactions at Chapa: ${transactions}`,
  );
  say(`states: ${list(Object.entries(states))}; dead letters: ${list(Object.entries(dead))}`);
  say(`${seconds.chaos} s of chaos, ${seconds.heal} s of healing`);
  if (stuck > 0) say(`STUCK: ${stuck} who asked when everything worked got no answer`);
  for (const last of host.deaths) say(`A WORKER ENDED BY ITSELF: ${last}`);
}

if (values.help) process.stdout.write(HELP);
else if (values.deliberate) await deliberate();
else await main();
