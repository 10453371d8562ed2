import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { diagramOf } from "./diagram.ts";
import { LAWS } from "./laws.ts";
import { MUTANTS, type Mutant } from "./mutants.ts";
import { FATES, type Happened } from "./scheduler.ts";
import { addHits, type Done, type Job } from "./worker.ts";

const { values } = parseArgs({
  options: {
    schedules: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    diagram: { type: "boolean", default: false },
    mutants: { type: "boolean", default: false },
    mutant: { type: "string" },
    workers: { type: "string", default: String(availableParallelism()) },
  },
});
const count = Number(values.schedules);
const first = Number(values.seed);
const CHUNK = 250;
/** Every call must have met every fate so often, once there are enough lives for it. */
const HITS_WANTED = 100;
const LIVES_FOR_HITS = 100_000;
// Within so many lives each deliberate fault must be found.
const MUTANT_LIVES = 20_000;

const say = (text: string) => process.stdout.write(`${text}\n`);
const row = (name: string, cells: (string | number)[]) =>
  say([name.padEnd(28), ...cells.map((cell) => String(cell).padStart(12))].join(""));

/** Runs jobs on as many threads as there are cores, and hands over what each comes to. */
async function run(jobs: Job[], take: (done: Done, job: Job) => void): Promise<void> {
  const waiting = [...jobs];
  const thread = async () => {
    for (let job = waiting.shift(); job; job = waiting.shift()) take(await inWorker(job), job);
  };
  await Promise.all(Array.from({ length: Number(values.workers) }, thread));
}

const idle: Worker[] = [];

/** A mutant needs a thread of its own, in which its code is what is loaded; the rest share. */
function inWorker(job: Job): Promise<Done> {
  const isOwn = job.mutant !== undefined;
  const worker =
    (isOwn ? undefined : idle.pop()) ??
    new Worker(new URL("./worker.ts", import.meta.url), { workerData: isOwn ? job : undefined });
  if (!isOwn) worker.postMessage(job);
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("message", (done: Done) => {
      worker.removeAllListeners("error");
      if (isOwn) void worker.terminate();
      else idle.push(worker);
      resolve(done);
    });
  });
}

async function schedules(): Promise<boolean> {
  const sum: Done = { lives: 0, steps: 0, crashes: 0, captures: 0, outraced: 0, found: [], hits: new Map() };
  const jobs = Array.from({ length: Math.ceil(count / CHUNK) }, (_, chunk) => ({
    first: first + chunk * CHUNK,
    count: Math.min(CHUNK, count - chunk * CHUNK),
  }));
  await run(jobs, (done) => {
    for (const name of ["lives", "steps", "crashes", "captures", "outraced"] as const) sum[name] += done[name];
    sum.found.push(...done.found);
    addHits(sum.hits, done.hits);
    for (const { seed, how } of done.found) say(`seed ${seed}: ${how}\n    npm run sim -- --seed ${seed} --diagram`);
  });
  row("call", [...FATES]);
  for (const [site, hits] of [...sum.hits].sort())
    row(
      site,
      FATES.map((fate) => hits[fate]),
    );
  const fewest = Math.min(...[...sum.hits.values()].flatMap((hits) => FATES.map((fate) => hits[fate])));
  const { lives, steps, crashes, captures, outraced, found } = sum;
  say(
    `\n${lives} schedules, ${steps} steps, ${crashes} crashes, ${captures} captures; ${outraced} gave up after lost races and came again`,
  );
  say(`${sum.hits.size} calls × ${FATES.length} fates, each met at least ${fewest} times`);
  say(`${found.length} violations of ${Object.keys(LAWS).length} laws`);
  return found.length === 0 && (lives < LIVES_FOR_HITS || fewest >= HITS_WANTED);
}

async function mutants(chosen: readonly Mutant[]): Promise<boolean> {
  const budget = values.schedules === "1000" ? MUTANT_LIVES : count;
  const byName = new Map(chosen.map((mutant) => [mutant.name, mutant]));
  let missed = 0;
  say("schedules  law      deliberate fault (row of the failure model)");
  const tell = ({ lives, found: [found] }: Done, { mutant: name = "" }: Job) => {
    const { harmless, of } = byName.get(name) ?? {};
    const isRight = (found === undefined) === (harmless !== undefined);
    if (!isRight) missed++;
    const after = found ? found.seed - first + 1 : `>${lives}`;
    say(`${String(after).padStart(9)}  ${(found?.law ?? "-").padEnd(8)} ${isRight ? "" : "WRONG: "}${name} (${of})`);
    if (found) say(`${" ".repeat(20)} ${found.how}`);
    if (harmless) say(`${" ".repeat(20)} harmless: ${harmless}`);
  };
  await run(
    chosen.map(({ name }) => ({ mutant: name, first, count: budget })),
    tell,
  );
  const wanted = chosen.filter(({ harmless }) => harmless === undefined).length;
  say(`\n${wanted - missed} of ${wanted} deliberate faults caught within ${budget} schedules each`);
  say(`${chosen.length - wanted} more were looked for as long and break no law`);
  return missed === 0;
}

/** One life again, told call by call. */
async function diagram(): Promise<boolean> {
  const { live } = await import("./random-life.ts");
  let told: Happened[] = [];
  let how = "no law is broken";
  await live(first, (calls) => {
    told = calls;
  }).catch((error: unknown) => {
    how = String(error);
  });
  say(diagramOf(told));
  say(`%% seed ${first}: ${how}`);
  return how === "no law is broken";
}

async function chosenMode(): Promise<boolean> {
  if (values.diagram) return diagram();
  if (values.mutant !== undefined) return mutants(MUTANTS.filter(({ name }) => name.includes(values.mutant ?? "")));
  return values.mutants ? mutants(MUTANTS) : schedules();
}

process.exitCode = (await chosenMode()) ? 0 : 1;
for (const worker of idle) void worker.terminate();
