import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { txRefOf, Uuid } from "../../lib/domain/ids.ts";
import { openFlags } from "../../lib/domain/payment.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../lib/domain/time.ts";
import { ApiClient } from "../../local/api-client.ts";
import { ACTIONS, type Action, ActionRefused, type ActParams } from "../../local/chapa/actions.ts";
import type { DeliveryPlan } from "../../local/chapa/delivery-plan.ts";
import { METHODS } from "../../local/chapa/methods.ts";
import { PROFILE_NAMES, type ProfileName } from "../../local/chapa/profiles.ts";
import { type Cloud, startCloud } from "../../local/cloud.ts";
import { readSettings } from "../../local/settings.ts";
import { USERS } from "../../local/users.ts";
import { answersAsDescribed } from "../support/stage.ts";

/**
 * Random lives of payments: who presses when, what happens at Chapa's page, what becomes of its messages. Again with
 * TRUTH_SEED=n; TRUTH_RUNS=n for more of them.
 */
const SEED = Number(process.env["TRUTH_SEED"] ?? 20_261_124);
const RUNS = Number(process.env["TRUTH_RUNS"] ?? 200);

// When things happen, after the first press: around the looks, the checkout's window, its renewal and the timeout.
const MOMENTS_MS = [
  0,
  20 * SECOND_MS,
  2 * MINUTE_MS,
  6 * MINUTE_MS,
  30 * MINUTE_MS,
  59 * MINUTE_MS,
  62 * MINUTE_MS,
  75 * MINUTE_MS,
  3 * HOUR_MS,
  26 * HOUR_MS,
  3 * DAY_MS,
  6 * DAY_MS,
];
// The last look is seven days after a checkout was left, which is at the latest at the timeout.
const END_MS = 16 * DAY_MS;

type Deed =
  | { at: number; does: "press" }
  | { at: number; does: "act"; checkout: "first" | "latest"; action: Action; params: ActParams };
type Life = { plan: DeliveryPlan; deeds: Deed[] };

const at = fc.nat(MOMENTS_MS.length - 1);
const params: fc.Arbitrary<ActParams> = fc.record(
  {
    method: fc.constantFrom(...METHODS),
    seconds: fc.constantFrom(5, 90, 3600, 7200),
    outcome: fc.constantFrom("success" as const, "failure" as const),
  },
  { requiredKeys: [] },
);
const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ at, does: fc.constant("press" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      at,
      does: fc.constant("act" as const),
      checkout: fc.constantFrom("first" as const, "latest" as const),
      action: fc.constantFrom(...ACTIONS),
      params,
    }),
  },
);
const plan: fc.Arbitrary<DeliveryPlan> = fc.constantFrom<DeliveryPlan[]>(
  {},
  {},
  { dropAll: true, callback: { send: "off" } },
  { drop: 2 },
  { delay: 400 },
  { duplicate: 3 },
  { duplicateVariant: 2, concurrent: 3 },
  { badSignature: true },
  { onlyConstantHeader: true },
  { noHeaders: true },
  { swappedHeaders: true },
  { tamperedBody: true },
  { truncatedJson: true },
  { statusEventMismatch: true },
  { replay: true },
  { reorder: "before-initialize-answer" },
  { callback: { send: "on", order: "before", times: 2, onFailure: true } },
  { callback: { status: "success", onFailure: true } },
  { verifyShows: "last" },
  { verifyShows: "first" },
);
const anything = fc.array(deed, { minLength: 1, maxLength: 5 });
// A prompt that outlives its checkout's window while the next one is paid: what chance alone hardly ever finds.
const crossing: fc.Arbitrary<Deed[]> = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom<Action>("prompt", "pay-late"), anything)
  .map(([begun, action, more]) => [
    { at: begun, does: "act", checkout: "first", action, params: { seconds: 7200 } },
    { at: 6, does: "press" },
    { at: 7, does: "act", checkout: "latest", action: "pay", params: {} },
    ...more,
  ]);
const deeds = fc.oneof({ weight: 7, arbitrary: anything }, { weight: 1, arbitrary: crossing });
const life: fc.Arbitrary<Life> = fc.record({ plan, deeds });
const LIVES = fc.sample(life, { seed: SEED, numRuns: RUNS });

/**
 * How one life ended: the states of its payments (another one begins when the money of the first was given back), the
 * references that took money at Chapa, and those that a payment names as money.
 */
type End = { states: string[]; paid: boolean; attention: string[]; taken: string[]; known: string[]; listing: string };

// What calls a person to money beside the one that counts: a second one, one that was not what was asked for, or one
// that had gone back before anybody saw it.
const CALLS = ["duplicate", "mismatch", "refunded", "reversed"];

let cloud: Cloud | undefined;
const described = answersAsDescribed();
const ends = new Map<ProfileName, End[]>();

describe.each(PROFILE_NAMES)(`${RUNS} random lives, Chapa as %s`, (profile) => {
  beforeAll(async () => {
    cloud = await startCloud({
      settings: readSettings({ RATE_LIMIT_INITIATE: "1000000", RATE_LIMIT_TRIGGERS: "1000" }),
      profile,
      seed: SEED,
      observeApi: described.observeApi,
    });
    ends.set(profile, await live(cloud, LIVES));
  }, 600_000);
  afterAll(async () => {
    await cloud?.close();
    described.check();
  });

  test("every reference that took money, and no other, stands in its payment as money", () => {
    for (const [index, { taken, known }] of endsOf(profile)) {
      expect(known, replayOf(index)).toEqual(taken);
    }
  });

  test("whoever paid ends as SUCCESS or REVIEW, and nobody else does", () => {
    for (const [index, { taken, paid, states }] of endsOf(profile)) {
      expect(paid, `${replayOf(index)} ended ${states.join()}`).toBe(taken.length > 0);
    }
  });

  test("whoever paid two checkouts of one fee is known to a person", () => {
    for (const [index, { taken, states, attention }] of endsOf(profile)) {
      if (taken.length < 2 || states.length > 1) continue;
      expect(states.includes("REVIEW") || attention.some((code) => CALLS.includes(code)), replayOf(index)).toBe(true);
    }
  });

  test("the listing is approved for whoever is paid, unless a person has to look", () => {
    for (const [index, { states, attention, listing }] of endsOf(profile)) {
      if (!states.includes("SUCCESS")) expect(listing, replayOf(index)).not.toBe("APPROVED");
      else if (!attention.includes("listing_closed")) expect(listing, replayOf(index)).toBe("APPROVED");
    }
  });

  test("the lives are not all alike: some pay once, some twice, some never, some what was not asked", () => {
    const all = ends.get(profile) ?? [];
    expect(all).toHaveLength(RUNS);
    expect(all.filter(({ taken }) => taken.length === 1).length).toBeGreaterThan(RUNS / 5);
    expect(all.filter(({ taken }) => taken.length > 1).length).toBeGreaterThan(0);
    expect(all.filter(({ taken }) => taken.length === 0).length).toBeGreaterThan(RUNS / 20);
    expect(all.filter(({ states }) => states.includes("REVIEW")).length).toBeGreaterThan(0);
    expect(all.filter(({ attention }) => attention.includes("duplicate")).length).toBeGreaterThan(0);
    expect(all.filter(({ states }) => states.includes("EXPIRED")).length).toBeGreaterThan(0);
  });
});

test("the profiles agree about the money of every life", () => {
  const [first, ...others] = PROFILE_NAMES;
  for (const [index, { paid, taken, known }] of endsOf(first)) {
    for (const other of others) {
      expect(ends.get(other)?.[index], `${other}: ${replayOf(index)}`).toMatchObject({ paid, taken, known });
    }
  }
});

test("the profiles agree about everything where no money went back", () => {
  const [first, ...others] = PROFILE_NAMES;
  // Whether anybody saw the money before it went back depends on which messages came through.
  const isLasting = (deed: Deed) => deed.does === "press" || !["reverse", "refund"].includes(deed.action);
  for (const [index, end] of endsOf(first)) {
    if (!LIVES[index]?.deeds.every(isLasting)) continue;
    for (const other of others) expect(ends.get(other)?.[index], `${other}: ${replayOf(index)}`).toEqual(end);
  }
});

function endsOf(profile: ProfileName): [number, End][] {
  return [...(ends.get(profile) ?? []).entries()];
}

function replayOf(index: number): string {
  return `TRUTH_SEED=${SEED} TRUTH_RUNS=${RUNS}, life ${index}: ${JSON.stringify(LIVES[index])}`;
}

/** Lives all lives side by side, each with a property of its own, and waits until nothing more can come. */
async function live(on: Cloud, lives: readonly Life[]): Promise<End[]> {
  const caller = new ApiClient(on.address);
  const one = lives.map((script, index) => new One(on, caller, script, propertyOf(index)));
  for (const [moment, ms] of MOMENTS_MS.entries()) {
    if (moment > 0) await on.advance(ms - (MOMENTS_MS[moment - 1] ?? 0));
    await inTurns(one, (life) => life.reach(moment));
    await on.settle();
  }
  for (let ms = MOMENTS_MS.at(-1) ?? 0; ms < END_MS; ms += 12 * HOUR_MS) await on.advance(12 * HOUR_MS);
  const payments = await on.rows.payments();
  const captures = on.chapa?.captures() ?? [];
  return one.map(({ property, txRefs }) => {
    const own = payments.filter(({ propertyId }) => propertyId === property);
    const states = own.toSorted((first, second) => first.serial - second.serial).map(({ state }) => state);
    return {
      states,
      paid: states.includes("SUCCESS") || states.includes("REVIEW"),
      attention: [...new Set(own.flatMap(openFlags))].sort(),
      taken: [...new Set(captures.map(({ txRef }) => txRef))].filter((txRef) => txRefs.has(txRef)).sort(),
      known: own
        .flatMap(({ ref, captures }) => captures.map(({ attempt }) => txRefOf(ref, attempt)))
        .filter(unique)
        .sort(),
      listing: on.services.listing?.property(property)?.status ?? "",
    };
  });
}

function unique<T>(value: T, index: number, all: readonly T[]): boolean {
  return all.indexOf(value) === index;
}

class One {
  readonly property: Uuid;
  readonly txRefs = new Set<string>();
  readonly #cloud: Cloud;
  readonly #caller: ApiClient;
  readonly #life: Life;
  #first: string | undefined;
  #latest: string | undefined;

  constructor(on: Cloud, caller: ApiClient, script: Life, property: Uuid) {
    this.#cloud = on;
    this.#caller = caller;
    this.#life = script;
    this.property = property;
    on.services.listing?.addProperty({ id: property, ownerId: USERS.owner.id });
  }

  async reach(moment: number): Promise<void> {
    if (moment === 0) await this.#press();
    for (const deed of this.#life.deeds.filter((one) => one.at === moment)) {
      if (deed.does === "press") await this.#press();
      else await this.#act(deed.checkout === "first" ? this.#first : this.#latest, deed.action, deed.params);
    }
  }

  async #press(): Promise<void> {
    const { status, body } = await this.#caller.initiate({ property_id: this.property });
    // Refused: the listing was told no. Everything else gives a checkout or says how the payment stands.
    if (status === 409) return;
    expect(status).toBe(202);
    const txRef = String(body["chapa_tx_ref"]);
    if (!this.txRefs.has(txRef)) this.#cloud.chapa?.plan(txRef, this.#life.plan);
    this.txRefs.add(txRef);
    this.#first ??= txRef;
    this.#latest = txRef;
  }

  async #act(txRef: string | undefined, action: Action, params: ActParams): Promise<void> {
    try {
      await this.#cloud.chapa?.act(txRef ?? "", action, params);
    } catch (error) {
      // A checkout that is over, or money that was never there: the payer sees that at the page.
      if (!(error instanceof ActionRefused)) throw error;
    }
  }
}

function propertyOf(index: number): Uuid {
  return Uuid.parse(`0b0a7c1e-3c1f-4f27-8a52-${index.toString(16).padStart(12, "0")}`);
}

async function inTurns<T>(all: readonly T[], run: (one: T) => Promise<void>): Promise<void> {
  const AT_ONCE = 10;
  for (let from = 0; from < all.length; from += AT_ONCE) {
    await Promise.all(all.slice(from, from + AT_ONCE).map(run));
  }
}
