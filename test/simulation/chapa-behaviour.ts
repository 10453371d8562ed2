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
  /** Whether the stage sells for real from the beginning. Chapa makes refunds only then. */
  isLive?: boolean;
  /** How likely Chapa answers a request for a refund as only observed answers do. */
  oddRefunds?: number;
};

const FIRST_KEY = CHAPA_DEFAULTS.secretKey;
const RENEWED_KEY = FIRST_KEY.replace("sim00", "sim01");
const OTHER_KEY = FIRST_KEY.replace("sim00", "sim02");
/** None of them may be recorded. */
export const KEYS = [FIRST_KEY, RENEWED_KEY, OTHER_KEY].flatMap((key) => [key, liveTwin(key)]);

const UNPAID_WORDS = ["expired", "processing", ""] as const;
const PAID_WORDS = ["completed", "partially_refunded"] as const;
const LATE_MS = [HOUR_MS, DAY_MS, 3 * DAY_MS] as const;
const ODD_REFUNDS = ["refused", "balance", "fails", "fails, and is booked", "fails, and is booked"] as const;
const REFUSED_REFUNDS = {
  refused: {
    status: 400,
    body: { message: "Refunds can only be processed in live mode", status: "failed", data: null },
  },
  balance: { status: 400, body: { message: "Insufficient Balance", status: "failed", data: null } },
  above: {
    status: 400,
    body: {
      message: "Refund amount cannot exceed the full transaction amount or be less than 0",
      status: "failed",
      data: null,
    },
  },
  fails: {
    status: 400,
    body: {
      message: "Oops something went wrong and this is our issue. Please try again later",
      status: "failed",
      data: null,
    },
  },
  "not found": { status: 404, body: { message: "Transaction not found", status: "failed", data: null } },
} as const satisfies Record<string, Answer>;
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
  oddRefunds = 0;
  /** Whether Chapa counts what it has sent back of a capture before. Nobody knows. */
  countsRefunds = false;
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
      const { isLive = false, ...ways } = given;
      Object.assign(this, ways);
      this.countsRefunds = isLive && this.#chooser.whim(0.5);
      if (isLive) this.#sellForReal();
      return;
    }
    const { whim } = this.#chooser;
    if (whim(1 / 3)) return;
    if (whim(0.5)) this.cancelRefused = this.#one([0.5, 1, 1]);
    if (whim(0.3)) this.unpaidWord = this.#one(UNPAID_WORDS);
    if (whim(0.25)) this.paidWord = this.#one(PAID_WORDS);
    if (whim(0.7)) this.outage = this.#one(OUTAGES);
  }

  #sellForReal(): void {
    this.isLive = true;
    this.keys = this.keys.map(liveTwin);
  }

  #own(key: string): string {
    return this.isLive ? liveTwin(key) : key;
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
        this.keys = both.map((key) => this.#own(key)).slice(0, this.#chooser.whim(0.7) ? 2 : 1);
        return;
      }
      case "renewed key":
        this.#chapa.settings.secretKey = RENEWED_KEY;
        if (wasOut)
          this.keys = [RENEWED_KEY, FIRST_KEY].map((key) => this.#own(key)).slice(0, this.#choices.below(2) + 1);
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
    this.oddRefunds = 0;
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

  /** Whether Chapa knows this key, of whatever account. */
  #isKnown(key: string): boolean {
    const { secretKey, otherKeys } = this.#chapa.settings;
    return [secretKey, ...otherKeys.values()].some((known) => key === known || key === liveTwin(known));
  }

  async answer(request: Request, txRef: string, effect: () => Promise<Answer>): Promise<Answer> {
    const [, , kind, verb, what] = request.path.split("/");
    if (kind === "refund") return what === "verify" ? this.#refundStatus(effect) : this.#refund(request, effect);
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

  /** What was observed at Chapa. An answer proves little: what fails may be booked, as may what is more than was taken. */
  async #refund(request: Request, effect: () => Promise<Answer>): Promise<Answer> {
    const reference = decodePath(request.path.split("/")[3] ?? "");
    const found = this.#chapa.ledger.findByReference(reference);
    const key = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
    if (!found || (this.#isKnown(key) && key !== this.#keyOf(found.transaction))) return REFUSED_REFUNDS["not found"];
    if (!this.#isKnown(key)) return effect();
    const others = this.#chapa.refunds.all().filter(({ capture }) => capture === found.capture);
    const sent = others.filter(({ status }) => status !== "reversed").reduce((sum, { amount }) => sum + amount, 0);
    const asked = Math.round(100 * Number(/"amount":"([\d.]+)"/.exec(request.body.toString())?.[1] ?? 0));
    if (this.countsRefunds && sent + asked > found.capture.amount) return REFUSED_REFUNDS.above;
    // It may count another refund that is under way, and book this one all the same.
    const isOtherOpen = others.some(({ status }) => status === "initiated" || status === "processing");
    if (isOtherOpen && this.oddRefunds > 0 && this.#chooser.whim(0.5)) {
      const answer = await effect();
      return answer.status === 200 ? REFUSED_REFUNDS.above : answer;
    }
    if (!this.#chooser.whim(this.oddRefunds)) return effect();
    const odd = this.#one(ODD_REFUNDS);
    if (odd !== "fails, and is booked") return REFUSED_REFUNDS[odd];
    await effect();
    return REFUSED_REFUNDS.fails;
  }

  async #refundStatus(effect: () => Promise<Answer>): Promise<Answer> {
    return this.isSilent || (this.isOut && this.outage === "verify is silent") ? SILENCE : effect();
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
