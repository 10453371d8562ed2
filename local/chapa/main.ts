import { parseArgs } from "node:util";
import * as z from "zod";
import { PortTaken } from "../serve.ts";
import { PROFILE_NAMES } from "./profiles.ts";
import { CHAPA_DEFAULTS, type ChapaOptions, type ChapaSimulator, UnsafeKey } from "./simulator.ts";
import { startChapa } from "./start.ts";

const DEFAULT_PORT = 8700;

const HELP = `Chapa on your own machine: the API, the payer's page and webhooks, in memory.

  npm run chapa -- [options]

  --port N             of the API and the payer's page (default ${DEFAULT_PORT}; 0 = any free one)
  --control-port N     of the control API under /__sim (default: the port above, plus one)
  --webhook-url URL    where webhooks are sent (default: nowhere)
  --webhook-secret S   what they are signed with (default ${CHAPA_DEFAULTS.webhookSecret})
  --secret-key K       the API key to accept; has to begin with CHASECK_TEST-sim
  --public-key K       the key of the HTML form
  --profile P          ${PROFILE_NAMES.join(", ")} (default observed)
  --seed N             the same seed and the same calls give the same answers (default 1)
  --retry-window N     minutes for which a checkout takes payments (default ${CHAPA_DEFAULTS.retryWindowMinutes})
  --autopilot          pay every checkout as soon as it is open
  --no-scenarios       do not let the cents of an amount choose what happens
  --help               this text
`;

const LAST_PORT = 65_535;
const PORT_RANGE = `has to be a port between 0 and ${LAST_PORT}`;
const port = z.coerce.number(PORT_RANGE).int(PORT_RANGE).min(0, PORT_RANGE).max(LAST_PORT, PORT_RANGE);

const Options = z.object({
  port: port.default(DEFAULT_PORT),
  "control-port": port.optional(),
  "webhook-url": z.url({ protocol: /^https?$/ }).optional(),
  "webhook-secret": z.string().min(1).default(CHAPA_DEFAULTS.webhookSecret),
  "secret-key": z.string().default(CHAPA_DEFAULTS.secretKey),
  "public-key": z.string().min(1).default(CHAPA_DEFAULTS.publicKey),
  profile: z.enum(PROFILE_NAMES).default("observed"),
  seed: z.coerce.number("has to be a whole number").int("has to be a whole number").default(1),
  "retry-window": z.coerce
    .number("has to be minutes")
    .positive("has to be minutes")
    .default(CHAPA_DEFAULTS.retryWindowMinutes),
  autopilot: z.boolean().default(false),
  "no-scenarios": z.boolean().default(false),
});
type Options = z.output<typeof Options>;

class BadOption extends Error {}

function readOptions(args: string[]): Options | "help" {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    const { values } = parseArgs({
      args,
      options: {
        port: text,
        "control-port": text,
        "webhook-url": text,
        "webhook-secret": text,
        "secret-key": text,
        "public-key": text,
        profile: text,
        seed: text,
        "retry-window": text,
        autopilot: flag,
        "no-scenarios": flag,
        help: { ...flag, short: "h" },
      },
    });
    if (values.help) return "help";
    return Options.parse(values);
  } catch (error) {
    if (error instanceof z.ZodError) {
      const [issue] = error.issues;
      throw new BadOption(`--${issue?.path.join(".")}: ${issue?.message}`);
    }
    if (error instanceof TypeError) throw new BadOption(error.message);
    throw error;
  }
}

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

try {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") {
    process.stdout.write(HELP);
  } else {
    const simulator = await startChapa(chapaOptions(options));
    process.stdout.write(greeting(simulator, options));
    const stop = (): void => void simulator.close();
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
  }
} catch (error) {
  const isUsage = error instanceof BadOption || error instanceof PortTaken || error instanceof UnsafeKey;
  if (!isUsage) throw error;
  process.stderr.write(`${error.message}\n${error instanceof BadOption ? "Try --help.\n" : ""}`);
  process.exitCode = 2;
}
