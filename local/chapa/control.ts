import * as z from "zod";
import { FaultInput, UnknownFault } from "../faults.ts";
import type { Answer, Request } from "../serve.ts";
import { ACTIONS, ActionRefused, parseAct } from "./actions.ts";
import { actAnswer, refusedAnswer } from "./checkout.ts";
import { DeliveryPlan } from "./delivery-plan.ts";
import { type Fields, readJson } from "./fields.ts";
import type { JournalEntry } from "./journal.ts";
import { PROFILE_NAMES } from "./profiles.ts";
import { SCENARIO_NAMES } from "./scenarios.ts";
import { type ChapaSimulator, UnsafeKey } from "./simulator.ts";

type Route = (simulator: ChapaSimulator, body: Fields, query: URLSearchParams) => unknown;

const SettingsInput = z.strictObject({
  profile: z.enum(PROFILE_NAMES).optional(),
  webhook_url: z.url({ protocol: /^https?$/ }).nullish(),
});
const PlanInput = z.strictObject({ tx_ref: z.string().min(1), plan: DeliveryPlan });
const KeysInput = z.strictObject({ secret_key: z.string(), account: z.string().min(1).optional() });
const ClockInput = z.strictObject({ advance_ms: z.number().min(0) });
const FaultsInput = z.union([z.strictObject({ clear: z.literal(true) }), FaultInput]);

const ROUTES: Record<string, Route> = {
  "GET /__sim": () => ({ routes: Object.keys(ROUTES), actions: ACTIONS, scenarios: SCENARIO_NAMES }),
  "POST /__sim/reset": async (simulator) => {
    await simulator.reset();
    return state(simulator);
  },
  "GET /__sim/state": state,
  "POST /__sim/state": (simulator, body) => {
    const { profile, webhook_url } = SettingsInput.parse(body);
    if (profile) simulator.setProfile(profile);
    if (webhook_url !== undefined) simulator.setWebhookUrl(webhook_url);
    return state(simulator);
  },
  "POST /__sim/keys": (simulator, body) => {
    const { secret_key: secretKey, account } = KeysInput.parse(body);
    if (account === undefined) simulator.setKeys({ secretKey });
    else simulator.setAccount(account, secretKey);
    return {};
  },
  "GET /__sim/plan": (simulator) => ({ plans: simulator.plans() }),
  "POST /__sim/plan": (simulator, body) => {
    const { tx_ref, plan } = PlanInput.parse(body);
    simulator.plan(tx_ref, plan);
    return { plans: simulator.plans() };
  },
  "GET /__sim/faults": ({ faults }) => ({ faults: faults.names }),
  "POST /__sim/faults": async ({ faults }, body) => {
    const input = FaultsInput.parse(body);
    if (typeof input === "object" && "clear" in input) await faults.clear();
    else await faults.set(FaultInput.parse(input));
    return { faults: faults.names };
  },
  "DELETE /__sim/faults": async ({ faults }) => {
    await faults.clear();
    return { faults: faults.names };
  },
  "GET /__sim/clock": now,
  "POST /__sim/clock": async (simulator, body) => {
    await simulator.clock.advance(ClockInput.parse(body).advance_ms);
    return now(simulator);
  },
  "POST /__sim/act": async (simulator, { tx_ref, ...rest }) => {
    const { action, params } = parseAct(rest);
    return actAnswer(await simulator.act(z.string("tx_ref: must be a text").parse(tx_ref), action, params)).body;
  },
  "GET /__sim/journal": (simulator, _body, query) => {
    const txRef = query.get("tx_ref");
    const entries = simulator.journal().filter((entry) => !txRef || isAbout(entry, txRef));
    return { journal: entries.map(journalRow) };
  },
  "GET /__sim/ledger": (simulator) => ({ ledger: simulator.captures().map(snakeCase) }),
};

/** Answers the control API, which tests in other processes use. */
export async function answerControl(simulator: ChapaSimulator, request: Request): Promise<Answer> {
  const route = ROUTES[`${request.method} ${request.path}`];
  if (!route) return { status: 404, body: { message: "no such route", routes: Object.keys(ROUTES) } };
  const body = request.body.length === 0 ? {} : readJson(request.body);
  if (!body) return invalid("the body must be a JSON object");
  try {
    return { status: 200, body: await route(simulator, body, request.query) };
  } catch (error) {
    if (error instanceof ActionRefused) return refusedAnswer(error);
    if (error instanceof UnknownFault || error instanceof UnsafeKey) return invalid(error.message);
    if (error instanceof z.ZodError) return invalid(z.prettifyError(error));
    throw error;
  }
}

function state(simulator: ChapaSimulator): unknown {
  const { profile, webhookUrl } = simulator.settings();
  const transactions = simulator.transactions().map(({ captures, ...transaction }) => ({
    ...snakeCase(transaction),
    captures: captures.map(snakeCase),
  }));
  return { profile, webhook_url: webhookUrl, ...now(simulator), transactions };
}

function now({ clock }: ChapaSimulator): { now: string } {
  return { now: new Date(clock.now()).toISOString() };
}

function journalRow({ body, ...entry }: JournalEntry): unknown {
  return { ...snakeCase(entry), body: body.toString("utf8"), body_base64: body.toString("base64") };
}

function isAbout(entry: JournalEntry, txRef: string): boolean {
  return entry.kind === "request"
    ? entry.path.includes(encodeURIComponent(txRef)) || entry.body.includes(txRef)
    : entry.txRef === txRef;
}

/** The same record with its names in snake_case, as in all JSON of this API. */
function snakeCase(record: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [
      name.replace(/[A-Z]/g, (character) => `_${character.toLowerCase()}`),
      value,
    ]),
  );
}

function invalid(message: string): Answer {
  return { status: 422, body: { status: "failed", message } };
}
