import { Command } from "../../commands/command.ts";
import { choice, flag, integer, optionalInteger, orElse, positive, text, url } from "../../commands/options.ts";
import { LAST_PORT, PortTaken } from "../serve.ts";
import { PROFILE_NAMES } from "./profiles.ts";
import { CHAPA_DEFAULTS, type ChapaOptions, type ChapaSimulator, UnsafeKey } from "./simulator.ts";
import { startChapa } from "./start.ts";

const PORTS = { least: 0, most: LAST_PORT };

const command = new Command({
  name: "npm run chapa",
  summary: "Runs a simulated Chapa on this machine, in memory: the API, the payer's page and webhooks.",
  duration: "ready after about 1 second; runs until it is stopped (Ctrl+C)",
  options: {
    port: integer("port of the API and the payer's page; 0 takes any free one", 8700, PORTS),
    "control-port": optionalInteger("port of the control API under /__sim (default: the port above plus one)", PORTS),
    "webhook-url": url("the URL for webhooks (default: none are sent)"),
    "webhook-secret": orElse(text("the secret that signs webhooks", "SECRET"), CHAPA_DEFAULTS.webhookSecret),
    "secret-key": orElse(text("the API key to accept; begins with CHASECK_TEST-sim", "KEY"), CHAPA_DEFAULTS.secretKey),
    "public-key": orElse(text("the key of the HTML form", "KEY"), CHAPA_DEFAULTS.publicKey),
    profile: choice("the profile of Chapa's behaviour", PROFILE_NAMES, "observed"),
    seed: integer("the same seed and the same calls give the same answers", 1, { least: Number.MIN_SAFE_INTEGER }),
    "retry-window": positive("minutes for which a checkout accepts payments", CHAPA_DEFAULTS.retryWindowMinutes),
    autopilot: flag("pays every checkout as soon as it is open"),
    "no-scenarios": flag("the cents of an amount do not select a scenario"),
  },
  examples: {
    "npm run chapa -- --webhook-url http://127.0.0.1:3000/webhook": "sends webhooks to your own service",
    "npm run chapa -- --port 0 --autopilot": "takes free ports and pays every checkout automatically",
  },
});
type Options = ReturnType<typeof command.read>;

function chapaOptions(options: Options): ChapaOptions {
  return {
    port: options.port,
    controlPort: options["control-port"] ?? (options.port === 0 ? 0 : (options.port + 1) % (LAST_PORT + 1)),
    profile: options.profile,
    seed: options.seed,
    secretKey: options["secret-key"],
    publicKey: options["public-key"],
    webhookSecret: options["webhook-secret"],
    webhookUrl: options["webhook-url"],
    autopilot: options.autopilot,
    scenarios: !options["no-scenarios"],
    retryWindowMinutes: options["retry-window"],
    log: (line) => process.stdout.write(`${line}\n`),
  };
}

function greeting(simulator: ChapaSimulator, options: Options): string {
  return `Chapa simulator, ${options.profile} profile

  API             ${simulator.apiBase}
  control         ${simulator.control}/__sim
  webhooks to     ${options["webhook-url"] ?? "nowhere (set --webhook-url)"}
  secret key      ${options["secret-key"]}
  public key      ${options["public-key"]}
  webhook secret  ${options["webhook-secret"]}

Open a checkout, then pay it in a browser:

  curl ${simulator.apiBase}/transaction/initialize \\
    -H 'authorization: Bearer ${options["secret-key"]}' -H 'content-type: application/json' \\
    -d '{"amount":"500.00","currency":"ETB","tx_ref":"FIRST0000000000001"}'

`;
}

const options = command.read();
try {
  const simulator = await startChapa(chapaOptions(options));
  process.stdout.write(greeting(simulator, options));
  let isStopping = false;
  const stop = async (): Promise<void> => {
    // Ctrl+C in a terminal sends the signal twice: the terminal and npm each send one.
    if (isStopping) return;
    isStopping = true;
    await simulator.close();
    // Node removes the signal handlers before a normal end, and a second signal would then kill the process.
    process.exit(0);
  };
  process.on("SIGINT", () => void stop());
  process.on("SIGTERM", () => void stop());
} catch (error) {
  if (!(error instanceof PortTaken || error instanceof UnsafeKey)) throw error;
  command.refuse(error.message);
}
