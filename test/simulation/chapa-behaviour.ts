import { DAY_MS, HOUR_MS } from "../../lib/domain/time.ts";
import { chapaTampers, REFUSALS } from "../../local/chapa/chapa-faults.ts";
import { decodePath } from "../../local/chapa/fields.ts";
import { CHAPA_DEFAULTS, liveTwin } from "../../local/chapa/simulator.ts";
import type { SimulatorState } from "../../local/chapa/state.ts";
import type { Transaction } from "../../local/chapa/transactions.ts";
import type { FaultRule } from "../../local/faults.ts";
import type { Answer, Request } from "../../local/serve.ts";
import type { Choices } from "./scheduler.ts";

/** What goes on for a while in a run and then ends, or happens once. */
const OUTAGES = [
  "verify is silent",
  "nothing is booked",
  "booked and lost",
  "booked late",
  "burnt references",
  "another account",
  "renewed key",
  "live stage",
] as const;

/** How Chapa behaves in one run; what is absent is as its documents say. */
export type ChapaWays = {
  cancelRefused?: number;
  unpaidWord?: string;
  paidWord?: string;
  outage?: (typeof OUTAGES)[number];
};

const FIRST_KEY = CHAPA_DEFAULTS.secretKey;
const RENEWED_KEY = FIRST_KEY.replace("sim00", "sim01");
const OTHER_KEY = FIRST_KEY.replace("sim00", "sim02");
/** None of them may be recorded. */
export const KEYS = [FIRST_KEY, RENEWED_KEY, OTHER_KEY].flatMap((key) => [key, liveTwin(key)]);

const UNPAID_WORDS = ["expired", "processing", ""] as const;
const PAID_WORDS = ["completed", "partially_refunded"] as const;
const LATE_MS = [HOUR_MS, DAY_MS, 3 * DAY_MS] as const;
const SILENCE: Answer = { status: 503, body: { message: "Service Unavailable" } };
const CUT_OFF: Answer = { status: 504, body: { message: "Gateway Timeout" } };

/**
 * How Chapa, its account and our secret behave in one run, beside the faults of single calls: whether it cancels, its
 * words, and one outage that comes and goes. It says what the simulated Chapa's own faults say.
 */
export class ChapaBehaviour {
  /** Our keys in the secret, the current one first. */
  keys: readonly string[] = [FIRST_KEY];
  /** How likely Chapa refuses to cancel. */
  cancelRefused = 0;
  unpaidWord: string | undefined;
  paidWord: string | undefined;
  outage: (typeof OUTAGES)[number] | undefined;
  isOut = false;
  /** Whether verify answers nothing at all. */
  isSilent = false;
  /** Whether this stage has begun to sell for real. */
  isLive = false;
  readonly #burnt = new Set<string>();
  readonly #choices: Choices;
  readonly #chapa: SimulatorState;

  constructor(choices: Choices, chapa: SimulatorState) {
    this.#choices = choices;
    this.#chapa = chapa;
  }

  /** Chooses how Chapa behaves in this run, unless it is given. In a third of the runs as its documents say. */
  choose(given?: ChapaWays): void {
    if (given) {
      Object.assign(this, given);
      return;
    }
    const { whim } = this.#chooser;
    if (whim(1 / 3)) return;
    if (whim(0.5)) this.cancelRefused = this.#one([0.5, 1, 1]);
    if (whim(0.3)) this.unpaidWord = this.#one(UNPAID_WORDS);
    if (whim(0.25)) this.paidWord = this.#one(PAID_WORDS);
    if (whim(0.7)) this.outage = this.#one(OUTAGES);
  }

  /** Whether Chapa behaves in this run as its documents say. */
  get isAsDocumented(): boolean {
    return this.cancelRefused === 0 && [this.unpaidWord, this.paidWord, this.outage].every((odd) => odd === undefined);
  }

  /** The outage of this run begins, or ends. */
  turn(): void {
    const wasOut = this.isOut;
    this.isOut = !wasOut;
    switch (this.outage) {
      case "another account": {
        this.#chapa.settings.otherKeys.set("other", OTHER_KEY);
        const both = wasOut ? [FIRST_KEY, OTHER_KEY] : [OTHER_KEY, FIRST_KEY];
        this.keys = both.slice(0, this.#chooser.whim(0.7) ? 2 : 1);
        return;
      }
      case "renewed key":
        this.#chapa.settings.secretKey = RENEWED_KEY;
        if (wasOut) this.keys = [RENEWED_KEY, FIRST_KEY].slice(0, this.#choices.below(2) + 1);
        return;
      case "live stage":
        this.isLive = true;
        this.keys = [liveTwin(FIRST_KEY), FIRST_KEY].slice(0, this.#choices.below(2) + 1);
        return;
    }
  }

  /** Everything works again. Whether and how Chapa cancels, and its words for what is unpaid, stay. */
  end(): void {
    if (this.isOut && this.outage !== "live stage") this.turn();
    this.isOut = false;
    this.outage = undefined;
    this.paidWord = undefined;
  }

  isBurnt(txRef: string): boolean {
    return this.#burnt.has(txRef);
  }

  /** Whether a key of ours reads what this account has opened. */
  reads(link: Pick<Transaction, "account" | "mode">): boolean {
    return this.keys.includes(this.#keyOf(link));
  }

  /** Whether Chapa's list shows it to our current key. */
  lists(link: Pick<Transaction, "account" | "mode">): boolean {
    return this.keys[0] === this.#keyOf(link);
  }

  #keyOf({ account, mode }: Pick<Transaction, "account" | "mode">): string {
    const { secretKey, otherKeys } = this.#chapa.settings;
    const key = otherKeys.get(account) ?? secretKey;
    return mode === "live" ? liveTwin(key) : key;
  }

  async answer(request: Request, txRef: string, effect: () => Promise<Answer>): Promise<Answer> {
    const [, , , verb] = request.path.split("/");
    switch (verb) {
      case "initialize":
        return this.#initialize(request, txRef, effect);
      case "verify":
        return this.#verify(request, effect);
      case "cancel":
        return this.#chooser.whim(this.cancelRefused) ? refusal("cancelRefused", {}) : effect();
      default:
        return effect();
    }
  }

  async #initialize(request: Request, txRef: string, effect: () => Promise<Answer>): Promise<Answer> {
    const outage = this.isOut ? this.outage : undefined;
    if (outage === "burnt references" && this.#chooser.whim(0.5)) this.#burnt.add(txRef);
    if (this.#burnt.has(txRef)) return refusal("usedBefore", {});
    if (outage === "nothing is booked") return CUT_OFF;
    const answer = await effect();
    if (outage === "booked and lost") return CUT_OFF;
    return outage === "booked late"
      ? this.#tampered(answer, request, "bookedLate", { ms: this.#one(LATE_MS) })
      : answer;
  }

  async #verify(request: Request, effect: () => Promise<Answer>): Promise<Answer> {
    if (this.isSilent || (this.isOut && this.outage === "verify is silent")) return SILENCE;
    const answer = await effect();
    const paid = this.#chapa.ledger.find(decodePath(request.path.split("/").at(-1) ?? ""))?.captures ?? [];
    const word = paid.length > 0 ? this.paidWord : this.unpaidWord;
    if (word === undefined || answer.status !== 200) return answer;
    return word === "" ? refusal("notPaidYet", {}) : this.#tampered(answer, request, "statusWord", { word });
  }

  #tampered(answer: Answer, request: Request, name: string, rule: Partial<FaultRule>): Answer {
    return chapaTampers(() => this.#chapa)[name]?.(answer, ruleOf(rule), request) ?? answer;
  }

  get #chooser() {
    return { whim: (odds: number) => odds > 0 && this.#choices.whim(odds) };
  }

  #one<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.#choices.below(items.length)] ?? items[0];
  }
}

function refusal(name: string, rule: Partial<FaultRule>): Answer {
  const answer = REFUSALS[name]?.(ruleOf(rule));
  if (!answer) throw new RangeError(`the simulated Chapa has no refusal "${name}"`);
  return answer;
}

function ruleOf(rule: Partial<FaultRule>): FaultRule {
  return { fault: "", nth: 1, probability: 1, ms: 0, body: "json", ...rule };
}
