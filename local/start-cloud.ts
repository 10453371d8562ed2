// Must be the first import, so that no module keeps the original Date.
import "./process-clock.ts";

import type { Mode } from "../lib/domain/vocabulary.ts";
import { type ApiObserver, startApi, startFunctionUrl } from "./api-gateway.ts";
import type { ProfileName } from "./chapa/profiles.ts";
import { CHAPA_DEFAULTS, type ChapaSimulator, liveTwin } from "./chapa/simulator.ts";
import { startChapa } from "./chapa/start.ts";
import { API_KEY, Cloud } from "./cloud.ts";
import { makeConsole } from "./console.ts";
import { frontendOrigins, secretValues } from "./environment.ts";
import { Happenings, observed, type Tell } from "./happenings.ts";
import { type FunctionHost, Functions, type Invoke } from "./lambda.ts";
import { pageOf } from "./pages.ts";
import { clock } from "./process-clock.ts";
import { Queues } from "./queues.ts";
import { startRedis } from "./redis/bridge.ts";
import { Schedule } from "./schedule.ts";
import { startSecrets } from "./secrets.ts";
import { startServices } from "./services.ts";
import type { Settings } from "./settings.ts";
import type { StreamObserver } from "./stream.ts";
import { TableHost } from "./table-host.ts";

export type CloudOptions = {
  settings: Settings;
  /** The port of the API; control and Chapa take the next two. 0, the default, takes any free ones. */
  port?: number;
  profile?: ProfileName;
  /** The mode of the key for the simulated Chapa. Default: `EXPECTED_MODE`, else live. */
  mode?: Mode | undefined;
  seed?: number;
  /** Runs the functions. Default: this process. */
  functions?: FunctionHost;
  /** Receives every answer of the API. */
  observeApi?: ApiObserver;
  /** Receives lines about what happens, for a person. */
  tell?: Tell;
  /** Receives every change of the table. */
  observeStream?: StreamObserver;
};

/**
 * Starts the whole service on this machine.
 * @throws PortTaken, EnvironmentInvalid, UnsafeKey
 */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const mode = keyMode(options);
  const settings = { EXPECTED_MODE: mode, ...options.settings };
  const functions = options.functions ?? new Functions();
  const traffic = { invocations: 0 };
  const happenings = new Happenings(options.tell ?? (() => undefined));
  const invoke: Invoke = observed((name, event) => {
    traffic.invocations++;
    return functions.invoke(name, event);
  }, happenings);
  let started: Cloud | undefined;
  const observe: ApiObserver = (exchange) => {
    happenings.request(exchange);
    options.observeApi?.(exchange);
  };
  const port = options.port ?? 0;
  const next = (step: number) => (port === 0 ? 0 : port + step);
  const api = await startApi({
    port,
    invoke,
    observe,
    origins: frontendOrigins(settings),
    page: async (request) => {
      if (/^\/console\b/.test(request.path)) await makeConsole();
      return started && pageOf(request, started.address);
    },
  });
  try {
    const [chapa, services, queues, redis, webhook] = await Promise.all([
      settings.CHAPA_BASE_URL ? undefined : simulate(options, next(2)),
      startServices(settings, clock),
      Queues.start((what) => happenings.say("queues", what)),
      startRedis(settings.REDIS_URL),
      startFunctionUrl("chapa-webhook", invoke, observe),
    ]);
    const secrets = secretValues(settings, {
      chapa: mode === "test" ? CHAPA_DEFAULTS.secretKey : liveTwin(CHAPA_DEFAULTS.secretKey),
      notification: services.notificationBearer,
      api: settings.PAYMENT_SERVICE_API_KEY ?? API_KEY,
      redis,
    });
    const servers = { api, webhook, secrets: await startSecrets(secrets) };
    const tableHost = new TableHost(settings.LOCAL_DYNAMODB, invoke, (record) => {
      happenings.change(record);
      options.observeStream?.(record);
    });
    const schedule = new Schedule(invoke);
    started = await new Cloud({
      settings,
      functions,
      traffic,
      invoke,
      tableHost,
      queues,
      schedule,
      chapa,
      services,
      redis,
      secrets,
      servers,
    }).start(next(1));
    return started;
  } catch (error) {
    await api.close();
    throw error;
  }
}

/** Returns the mode of the key that the functions get. */
function keyMode({ settings, mode }: CloudOptions): Mode {
  if (settings.CHAPA_SECRET_KEY) return isTestKey(settings.CHAPA_SECRET_KEY) ? "test" : "live";
  return mode ?? settings.EXPECTED_MODE ?? "live";
}

/** Whether Chapa's key says that it is one of the test mode. */
export function isTestKey(key: string): boolean {
  return key.startsWith("CHASECK_TEST-");
}

function simulate({ settings, profile, seed }: CloudOptions, port: number): Promise<ChapaSimulator> {
  return startChapa({
    clock,
    port,
    webhookSecret: settings.CHAPA_WEBHOOK_SECRET,
    ...(settings.CHAPA_SECRET_KEY ? { secretKey: settings.CHAPA_SECRET_KEY } : {}),
    ...(profile ? { profile } : {}),
    ...(seed === undefined ? {} : { seed }),
  });
}
