import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import * as z from "zod";
import { pythonEnvironment } from "../python.ts";

// Fuzzes the whole API, as its own OpenAPI document describes it, against a running service. Needs Python >= 3.10;
// brings schemathesis itself.
const HOME = ".local/fuzz";
const PORT = "8140";
const EXAMPLES = process.argv[2] ?? "30";
// Nobody is refused for asking often; what a limit does is tested elsewhere.
const NO_LIMITS = { RATE_LIMIT_INITIATE: "1000000", RATE_LIMIT_TOKEN: "1000000", RATE_LIMIT_TRIGGERS: "1000000" };

const Address = z.object({
  api: z.string(),
  apiKey: z.string(),
  users: z.object({ admin: z.object({ token: z.string() }) }),
});

async function start(): Promise<{ service: ChildProcess; address: z.output<typeof Address> }> {
  const service = spawn(process.execPath, ["local/main.ts", "--port", PORT, "--json"], {
    env: { ...process.env, ...NO_LIMITS },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  for await (const chunk of service.stdout) {
    said += chunk;
    const line = said.split("\n").find((text) => text.startsWith('{"api"'));
    if (line && said.includes("\n")) return { service, address: Address.parse(JSON.parse(line)) };
  }
  throw new Error("the service has not started");
}

// What fits the schema may still be refused for what it says: a price, a cursor, a reference, a user nobody knows.
const SENSIBLE = '["2xx", "3xx", "400", "401", "403", "404", "409", "422", "429"]';
const REFUSALS = '["400", "401", "403", "404", "405", "409", "413", "422"]';

const CONFIG = `[checks]
positive_data_acceptance.expected-statuses = ${SENSIBLE}
negative_data_rejection.expected-statuses = ${REFUSALS}
`;

const venv = pythonEnvironment("schemathesis", ".ci/schemathesis/requirements.txt");
const { service, address } = await start();
mkdirSync(HOME, { recursive: true });
writeFileSync(`${HOME}/schemathesis.toml`, CONFIG);
// From a file: at its own address the document would be left out of what is tested.
writeFileSync(`${HOME}/openapi.json`, await (await fetch(`${address.api}/openapi.json`)).text());
const run = [
  `--config-file=${HOME}/schemathesis.toml`,
  "run",
  `${HOME}/openapi.json`,
  `--url=${address.api}`,
  "--checks=all",
];
const more = [`--max-examples=${EXAMPLES}`, "--seed=1", "--continue-on-failure", "--generation-database=none"];
const fuzz = spawn(`${venv}/bin/schemathesis`, [...run, ...more], {
  env: {
    ...process.env,
    SCHEMATHESIS_HOOKS: "hooks",
    PYTHONPATH: ".ci/schemathesis",
    PYTHONDONTWRITEBYTECODE: "1",
    API_KEY: address.apiKey,
    ADMIN_TOKEN: address.users.admin.token,
  },
  stdio: "inherit",
});
const code = await new Promise<number>((resolve) => fuzz.on("exit", (status) => resolve(status ?? 1)));
service.kill();
process.exitCode = code;
