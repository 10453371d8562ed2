import { Command } from "../../commands/command.ts";
import { choice, integer } from "../../commands/options.ts";
import { playBurst } from "./burst.ts";
import { playSteady } from "./steady.ts";

const { shape, payments, lanes, webhooks, due } = new Command({
  name: "npm run load",
  summary: `Loads one local cloud and prints what it did. "steady": payments one after the other, never reset; the rate of the
last ones is compared with the rate of the first ones, and the processor is measured at rest before and after. "burst":
webhooks come and payments become due at the same time; each payment must be resolved, and nothing may be lost.`,
  duration: "steady: 20 minutes for 20,000 payments on two idle cores; burst: 5 minutes",
  options: {
    shape: choice("what is played", ["steady", "burst"], "steady"),
    payments: integer("payments of the steady load", 20_000),
    lanes: integer("payments at the same time", 16),
    webhooks: integer("webhooks of the burst", 10_000),
    due: integer("payments of the burst, all paid and due at once", 5_000),
  },
  examples: {
    "npm run load": "20,000 payments",
    "npm run load -- --shape burst --due 500 --webhooks 1000": "a small burst",
  },
  notes: `Exits with 1 if an answer is not as it must be, if a payment is not resolved, if a message is a dead letter, or, from 5,000
payments on, if the last thousand are slower than 0.7 of the first or the cloud does not rest (3 % of a core).`,
}).read();

// A machine that does much else is slow, and that is not what this measures.
process.env["DEADLINE_FACTOR"] ??= "20";
process.exitCode =
  shape === "steady" ? await playSteady({ payments, lanes }) : await playBurst({ webhooks, due, lanes });
process.exit();
