import { createClock } from "../clock.ts";
import { type Answer, type Listening, type Request, serve } from "../serve.ts";
import { answerApi } from "./api.ts";
import { chapaTampers, REFUSALS } from "./chapa-faults.ts";
import { answerCheckout } from "./checkout.ts";
import { answerControl } from "./control.ts";
import { JournaledFaults } from "./journal.ts";
import { CHAPA_DEFAULTS, type ChapaOptions, ChapaSimulator, refuseRealKey } from "./simulator.ts";
import { type Settings, SimulatorState } from "./state.ts";

/**
 * Starts a simulated Chapa on loopback, in memory.
 * @throws UnsafeKey for a secret key that could be a real one
 * @throws PortTaken if another program uses the port
 */
export async function startChapa(options: ChapaOptions = {}): Promise<ChapaSimulator> {
  const settings = settingsOf(options);
  const current = { state: new SimulatorState(settings) };
  const faults = new JournaledFaults({
    journal: () => current.state.journal,
    now: () => settings.clock.now(),
    random: () => current.state.random.number("faults"),
    tampers: chapaTampers(() => current.state),
    refusals: REFUSALS,
  });
  const answer = (request: Request): Promise<Answer> =>
    request.path.startsWith("/checkout/") ? answerCheckout(current.state, request) : answerApi(current.state, request);
  const api = await serve("Chapa simulator", options.port ?? 0, answer, faults);
  settings.origin = api.origin;
  const control = await listenElse(api, () =>
    serve("Chapa simulator's control", options.controlPort ?? 0, (request) => answerControl(simulator, request)),
  );
  const simulator = new ChapaSimulator({ settings, current, faults, api, control });
  return simulator;
}

/** Starts the second server. If this fails, closes the first one. */
async function listenElse(first: Listening, start: () => Promise<Listening>): Promise<Listening> {
  try {
    return await start();
  } catch (error) {
    await first.close();
    throw error;
  }
}

function settingsOf(options: ChapaOptions): Settings {
  const secretKey = options.secretKey ?? CHAPA_DEFAULTS.secretKey;
  refuseRealKey(secretKey);
  return {
    clock: options.clock ?? createClock(),
    seed: options.seed ?? 1,
    secretKey,
    otherKeys: new Map(),
    publicKey: options.publicKey ?? CHAPA_DEFAULTS.publicKey,
    webhookSecret: options.webhookSecret ?? CHAPA_DEFAULTS.webhookSecret,
    retryWindowMinutes: options.retryWindowMinutes ?? CHAPA_DEFAULTS.retryWindowMinutes,
    isAutopilot: options.autopilot ?? false,
    hasScenarios: options.scenarios ?? true,
    log: options.log ?? (() => undefined),
    profile: options.profile ?? "observed",
    webhookUrl: options.webhookUrl ?? null,
    origin: "",
  };
}
