import { Command } from "../../commands/command.ts";
import { integer } from "../../commands/options.ts";
import { Progress } from "../../commands/progress.ts";
import { FEES_AN_ENGINE, nothingRaced, race } from "./race.ts";

const command = new Command({
  name: "npm run races",
  summary: "Lets many callers ask at once for each of many fees, with faults: they all get one checkout URL.",
  duration: "half an hour for 1,000 fees with 100 callers each",
  options: {
    keys: integer("how many fees", 1000),
    parallel: integer("callers at once for each", 100),
    seed: integer("what chance decides", 1),
  },
  examples: { "npm run races -- --keys 50 --parallel 20": "a short run" },
});

const options = command.read();
const progress = new Progress();
const say = (text: string) => progress.print(text);
const raced = nothingRaced();
for (let done = 0; done < options.keys; done += FEES_AN_ENGINE) {
  const keys = Math.min(FEES_AN_ENGINE, options.keys - done);
  const seed = options.seed + done / FEES_AN_ENGINE;
  const part = await race({ ...options, keys, seed, faultRate: 0.01 });
  for (const fault of part.faults) say(`BROKEN: ${fault} (seed ${seed})`);
  raced.faults.push(...part.faults);
  for (const name of ["answers", "retries", "cutOff", "transactions", "cutAnswers", "seconds"] as const)
    raced[name] += part[name];
  progress.show(`${done + keys} of ${options.keys} fees`);
}
progress.end();
say(
  `${options.keys} fees × ${options.parallel} callers at once: ${raced.answers} answers, ${raced.retries} retries (${raced.cutOff} after a fault), ${raced.cutAnswers} lost answers, ` +
    `${(raced.transactions / options.keys).toFixed(3)} transactions at Chapa for each payment, ${raced.faults.length} faults, ${raced.seconds} s (seed ${options.seed})`,
);
// Of few fees a single lost answer is more than one in twenty.
const isWasteful = raced.transactions > options.keys * 1.05 + 1;
if (raced.faults.length > 0 || isWasteful) process.exitCode = 1;
