import { Command } from "../../commands/command.ts";
import { flag, integer, optionalChoice } from "../../commands/options.ts";
import { Progress } from "../../commands/progress.ts";
import { FATES } from "./cutting-proxy.ts";
import { DELIBERATE_FAULTS, type DeliberateFault } from "./deliberate.ts";
import { type Chaos, chaos } from "./run.ts";

const command = new Command({
  name: "npm run chaos",
  summary: `Runs the real functions in processes that are killed with SIGKILL, frozen, cut off from the table, the queues,
Chapa and the listing, and wrong about the time; then the laws are checked.`,
  duration: "2 minutes for 200 kills; half an hour for --deliberate",
  options: {
    kills: integer("at least so many", 200),
    payments: integer("at least so many", 200),
    seed: integer("what chance decides; processes make no two runs the same", 1),
    workers: integer("processes side by side", 8),
    fault: optionalChoice(
      "with a design that is wrong on purpose",
      DELIBERATE_FAULTS.map(({ name }) => name),
    ),
    deliberate: flag("each of those designs in turn: a law has to notice every one"),
  },
  examples: {
    "npm run chaos -- --kills 1000 --payments 1000": "kills and pays more",
    "npm run chaos -- --deliberate": "shows that each law can be broken",
  },
  notes: "Exits with 1 if a law is broken, and tells everything about that payment; also if nothing was paid.",
});

const progress = new Progress();
const say = (text: string) => progress.print(text);
const values = command.read();
const { seed, kills, payments, workers } = values;

async function run(fault: DeliberateFault | undefined): Promise<Chaos> {
  if (fault) say(`on purpose: ${fault.says}`);
  const done = await chaos({ seed, kills, payments, workers, fault, say: (text) => progress.show(text) });
  progress.end();
  return done;
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

if (values.deliberate) await deliberate();
else await main();
