import { writeFileSync } from "node:fs";
import * as z from "zod";
import { endOf, startChild } from "../../commands/children.ts";
import { Command } from "../../commands/command.ts";
import { integer } from "../../commands/options.ts";
import { openWorkspace } from "../../commands/workspace.ts";
import { pythonEnvironment } from "../python.ts";
import { MARKED_JSON, withOddRequests } from "./odd-requests.ts";

const command = new Command({
  name: "npm run fuzz",
  summary: "Starts the service and fuzzes the whole API by its OpenAPI document.",
  duration: "4 minutes; the first run takes a minute more to install schemathesis",
  options: {
    examples: integer("at most this many requests for each operation and kind of test", 30),
    seed: integer("the seed of the random requests", 1),
  },
  operand: "examples",
  examples: {
    "npm run fuzz": "what the gate runs",
    "npm run fuzz -- 200": "sends more requests",
  },
  notes: "Needs Python 3.10 or newer. Installs schemathesis itself.",
});
const { examples, seed } = command.read();
const HOME = openWorkspace("fuzz");
// The rate limits are off, because they would refuse most requests. They are tested elsewhere.
const NO_LIMITS = { RATE_LIMIT_INITIATE: "1000000", RATE_LIMIT_TOKEN: "1000000", RATE_LIMIT_TRIGGERS: "1000000" };

const Address = z.object({
  api: z.string(),
  apiKey: z.string(),
  users: z.object({ admin: z.object({ token: z.string() }) }),
});

async function start(): Promise<z.output<typeof Address>> {
  const service = startChild(process.execPath, ["local/main.ts", "--port", "0", "--json"], {
    env: { ...process.env, ...NO_LIMITS },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  for await (const chunk of service.stdout ?? []) {
    output += chunk;
    const [line] = /^\{"api".*(?=\n)/m.exec(output) ?? [];
    if (line) return Address.parse(JSON.parse(line));
  }
  throw new Error("the service did not start");
}

// A request that fits the schema may still be refused: for its price, cursor or reference, or for an unknown user.
const VALID_STATUSES = '["2xx", "3xx", "400", "401", "403", "404", "409", "422", "429"]';
const INVALID_STATUSES = '["400", "401", "403", "404", "405", "409", "413", "422"]';

const CONFIG = `[checks]
positive_data_acceptance.expected-statuses = ${VALID_STATUSES}
negative_data_rejection.expected-statuses = ${INVALID_STATUSES}

[[operations]]
include-path-regex = "/$"
max-redirects = 1

# A pause that it makes would end every other operation.
[[operations]]
include-path-regex = "/pause$"
enabled = false
`;

const venv = await pythonEnvironment("schemathesis", ".ci/schemathesis/requirements.txt");
const address = await start();
writeFileSync(`${HOME}/schemathesis.toml`, CONFIG);
// From a file: schemathesis does not test the route that it loads the document from.
const document: unknown = await (await fetch(`${address.api}/openapi.json`)).json();
writeFileSync(`${HOME}/openapi.json`, JSON.stringify(withOddRequests(document)));
const run = [
  `--config-file=${HOME}/schemathesis.toml`,
  "run",
  `${HOME}/openapi.json`,
  `--url=${address.api}`,
  "--checks=all",
];
const more = [`--max-examples=${examples}`, `--seed=${seed}`, "--continue-on-failure", "--generation-database=none"];
const fuzz = startChild(`${venv}/bin/schemathesis`, [...run, ...more], {
  env: {
    ...process.env,
    SCHEMATHESIS_HOOKS: "hooks",
    PYTHONPATH: ".ci/schemathesis",
    PYTHONDONTWRITEBYTECODE: "1",
    MARKED_JSON,
    API_KEY: address.apiKey,
    ADMIN_TOKEN: address.users.admin.token,
  },
  stdio: ["ignore", "inherit", "inherit"],
});
// The running service would keep this process alive.
process.exit(await endOf(fuzz));
