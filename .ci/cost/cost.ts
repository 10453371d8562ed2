import * as z from "zod";
import { FUNCTIONS } from "../../lib/contract/functions.ts";
import { METRICS_NAMESPACE } from "../../lib/contract/metrics.ts";

const Times = z.record(z.string(), z.number());
const Units = z.object({ wru: z.number(), rru: z.number() });
const Used = Units.extend({ invocations: Times, sqs: Times, records: z.number() });

/** What `test/functions/units.integration.test.ts` counts. */
export const Counts = z.object({
  paid: Used,
  unpaid: Used,
  status: Used,
  minute: Used,
  comparison: z.object({ idle: Units, repeated: Units }),
});
export type Counts = z.output<typeof Counts>;

const Price = z.object({ dollars: z.number(), per: z.number(), free: z.number(), source: z.url() });
export const Prices = z.object({ date: z.iso.date(), region: z.string(), prices: z.record(z.string(), Price) });
export type Prices = z.output<typeof Prices>;

const Metric = z.object({ MetricStat: z.unknown().optional() });
const Resource = z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) });
const Template = z.object({ Resources: z.record(z.string(), Resource) });
const Alarm = z.object({
  Metrics: z.array(Metric).optional(),
  Namespace: z.string().optional(),
  MetricName: z.string().optional(),
  TreatMissingData: z.string().optional(),
});

/** What a stage has whether anybody pays or not, as its template says. */
export type Standing = {
  /** Metrics of ours that are sent without a fault. */
  ownMetrics: number;
  alarms: number;
  composites: number;
  dashboards: number;
  largestDashboard: number;
  secrets: number;
};

/** Quantities by the name of their price. */
export type Quantities = Readonly<Record<string, number>>;

// Estimates; nothing of this was measured on AWS. Milliseconds that a call is billed for, most of them spent waiting.
const BILLED_MS: Readonly<Record<string, number>> = {
  "initiate-payment": 800,
  "chapa-webhook": 50,
  "resolve-payment": 450,
  "notify-listing": 400,
  "publish-events": 50,
  "get-payment-status": 30,
  "timeout-payments": 300,
  "notify-user": 100,
  "reconcile-payments": 1_000,
};
const STATUS_READS = 3;
// Of API Gateway: the press, the reads of the status, the page to which the payer returns.
const API_REQUESTS = 1 + STATUS_READS + 1;
const REDIS_COMMANDS = 6;
const RECORD_GB = 500 / 1e9;
const STORED_GB = 3_000 / 1e9;
// A queue that starts a function is asked for messages by five pollers, each for 20 seconds.
const POLLS_A_MINUTE = 5 * 3;
// The most metrics for which a dashboard costs nothing, and how many such dashboards.
const FREE_METRICS = 50;
const FREE_DASHBOARDS = 3;
const MINUTES = 60 * 24 * 30;
const DAYS = 30;
const MB_OF_A_GB = 1_024;
const PUBLISHER = "publish-events";

export const VOLUMES = [1_000, 100_000, 10_000_000] as const;
export const PAID_SHARE = 0.8;
/** Cents for 1,000 payments, 80 of 100 of them paid, without Upstash; dollars a month without a payment. */
export const GOALS = { cents: 4, idle: 4 } as const;

export function standingOf(template: unknown): Standing {
  const resources = Object.values(Template.parse(template).Resources);
  const of = (type: string) => resources.filter(({ Type }) => Type === type).map(({ Properties }) => Properties);
  const metricsOf = (properties: object) => {
    const { Metrics } = Alarm.parse(properties);
    return Metrics ? Metrics.filter(({ MetricStat }) => MetricStat !== undefined).length : 1;
  };
  // An alarm that takes silence for health watches what is sent after a fault only.
  const ofFaults = of("AWS::CloudWatch::Alarm")
    .map((properties) => Alarm.parse(properties))
    .filter(({ Namespace, TreatMissingData }) => Namespace === METRICS_NAMESPACE && TreatMissingData === "notBreaching")
    .map(({ MetricName }) => MetricName);
  const shown = of("AWS::CloudWatch::Dashboard").map(metricsOfDashboard);
  const own = new Set(shown.flat().flatMap(([space, name]) => (space === METRICS_NAMESPACE ? [name] : [])));
  const dashboards = shown.map(({ length }) => length);
  return {
    ownMetrics: [...own].filter((name) => !ofFaults.some((other) => other === name)).length,
    alarms: of("AWS::CloudWatch::Alarm").reduce((sum, properties) => sum + metricsOf(properties), 0),
    composites: of("AWS::CloudWatch::CompositeAlarm").length,
    dashboards: dashboards.length,
    largestDashboard: Math.max(0, ...dashboards),
    secrets: of("AWS::SecretsManager::Secret").length,
  };
}

const Body = z.object({
  widgets: z.array(z.object({ properties: z.object({ metrics: z.array(z.array(z.unknown())).optional() }) })),
});

/** Each line of each graph that is read from a metric, not computed from others. */
function metricsOfDashboard({ DashboardBody: body }: Record<string, unknown>): unknown[][] {
  const joined = z.object({ "Fn::Join": z.tuple([z.string(), z.array(z.unknown())]) }).parse(body)["Fn::Join"][1];
  const text = joined.map((part) => (typeof part === "string" ? part : "x")).join("");
  const { widgets } = Body.parse(JSON.parse(text));
  return widgets.flatMap(({ properties }) => properties.metrics ?? []).filter(([first]) => typeof first === "string");
}

/** What one payment uses, with the reads of its status. */
export function quantitiesOf(counts: Counts, how: "paid" | "unpaid"): Quantities {
  const { wru, rru, invocations, sqs, records } = counts[how];
  // How many changes one run of the publisher gets depends on time: here each message has a run of its own.
  const published = sqs[`${PUBLISHER} SendMessageBatch`] ?? 0;
  const runs = { ...invocations, [PUBLISHER]: published, "get-payment-status": STATUS_READS };
  const byQueue = Object.entries(runs).filter(([name]) => triggerOf(name) === "queue");
  return {
    ...lambda(runs),
    "API Gateway": API_REQUESTS,
    "DynamoDB WRU": wru,
    "DynamoDB RRU": rru + STATUS_READS * counts.status.rru,
    "DynamoDB storage and backup GB-months": STORED_GB,
    "DynamoDB streams": 0,
    // Lambda itself receives and deletes each message of a queue that starts a function.
    SQS: sum(sqs) + 2 * sum(Object.fromEntries(byQueue)),
    "CloudWatch log GB": records * RECORD_GB,
    "Upstash commands": REDIS_COMMANDS,
  };
}

/** What a month uses without a payment. */
export function idleMonth({ minute, comparison }: Counts, standing: Standing): Quantities {
  const hours = MINUTES / 60;
  const runs = { ...times(minute.invocations, MINUTES), "reconcile-payments": hours };
  const startedByQueue = Object.values(FUNCTIONS).filter(({ trigger }) => trigger.kind === "queue").length;
  return {
    ...lambda(runs),
    "DynamoDB WRU": minute.wru * MINUTES + comparison.idle.wru * DAYS,
    "DynamoDB RRU": minute.rru * MINUTES + comparison.idle.rru * DAYS + comparison.repeated.rru * hours,
    SQS: (sum(minute.sqs) + startedByQueue * POLLS_A_MINUTE) * MINUTES,
    "EventBridge Scheduler": sum(runs),
    "CloudWatch metrics": standing.ownMetrics,
    "CloudWatch alarms": standing.alarms,
    "CloudWatch composite alarms": standing.composites,
    "CloudWatch dashboards":
      standing.largestDashboard > FREE_METRICS
        ? standing.dashboards
        : Math.max(0, standing.dashboards - FREE_DASHBOARDS),
    "CloudWatch log GB": minute.records * MINUTES * RECORD_GB,
    "Secrets Manager": standing.secrets,
  };
}

export function added(one: Quantities, other: Quantities, factor: number): Quantities {
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return Object.fromEntries(names.map((name) => [name, (one[name] ?? 0) + factor * (other[name] ?? 0)]));
}

/** What one payment of the usual mix uses. */
export function mixOf(counts: Counts): Quantities {
  return added(times(quantitiesOf(counts, "paid"), PAID_SHARE), quantitiesOf(counts, "unpaid"), 1 - PAID_SHARE);
}

/** Dollars by line. `isFree`: what AWS gives to every account each month, for ever, is taken off. */
export function bill(used: Quantities, { prices }: Prices, isFree: boolean): Quantities {
  return Object.fromEntries(
    Object.entries(prices).map(([name, { dollars, per, free }]) => [
      name,
      (Math.max(0, (used[name] ?? 0) - (isFree ? free : 0)) * dollars) / per,
    ]),
  );
}

export function sum(numbers: Quantities): number {
  return Object.values(numbers).reduce((total, number) => total + number, 0);
}

export function times(numbers: Quantities, factor: number): Quantities {
  return Object.fromEntries(Object.entries(numbers).map(([name, number]) => [name, number * factor]));
}

function lambda(runs: Quantities): Quantities {
  const specs: Readonly<Record<string, { memoryMb: number } | undefined>> = FUNCTIONS;
  const gbSeconds = Object.entries(runs).map(
    ([name, number]) => (number * ((BILLED_MS[name] ?? 0) / 1_000) * (specs[name]?.memoryMb ?? 0)) / MB_OF_A_GB,
  );
  return { "Lambda requests": sum(runs), "Lambda GB-s": gbSeconds.reduce((total, one) => total + one, 0) };
}

function triggerOf(name: string): string | undefined {
  const specs: Readonly<Record<string, { trigger: { kind: string } } | undefined>> = FUNCTIONS;
  return specs[name]?.trigger.kind;
}

const UPSTASH = "Upstash commands";

export function withoutUpstash(lines: Quantities): number {
  return sum(lines) - (lines[UPSTASH] ?? 0);
}

export type Cost = ReturnType<typeof costOf>;

export function costOf(counts: Counts, prices: Prices, standing: Standing) {
  const cents = (used: Quantities) => times(bill(used, prices, false), 100_000);
  const idle = idleMonth(counts, standing);
  return {
    date: prices.date,
    region: prices.region,
    centsFor1000: {
      paid: cents(quantitiesOf(counts, "paid")),
      unpaid: cents(quantitiesOf(counts, "unpaid")),
      mix: cents(mixOf(counts)),
    },
    dollarsAMonth: {
      idle: bill(idle, prices, true),
      ...Object.fromEntries(
        VOLUMES.map((many) => [
          `${many.toLocaleString("en")} payments`,
          bill(added(idle, mixOf(counts), many), prices, true),
        ]),
      ),
    },
    standing,
  };
}

/** The page docs/cost.md. */
export function costPage({ date, region, centsFor1000, dollarsAMonth, standing }: Cost, { prices }: Prices): string {
  const table = (columns: Readonly<Record<string, Quantities>>, digits: number) => {
    const row = (name: string, cell: (lines: Quantities) => number) =>
      `| ${[name, ...Object.values(columns).map((lines) => cell(lines).toFixed(digits))].join(" | ")} |`;
    return [
      `| | ${Object.keys(columns).join(" | ")} |`,
      `|---|${"---|".repeat(Object.keys(columns).length)}`,
      ...Object.keys(prices).map((name) => row(name, (lines) => lines[name] ?? 0)),
      row("sum without Upstash", withoutUpstash),
      row("sum", sum),
    ].join("\n");
  };
  const mix = withoutUpstash(centsFor1000.mix);
  const idle = withoutUpstash(dollarsAMonth.idle);
  return `# Cost

Written by \`npm run cost\` from the counts in \`bench/counts.json\`, the template of dev and the list prices in \`.ci/cost/prices.json\`
(${region}, written down on ${date} from memory of the pages that the file names; taxes and traffic are not included). A test fails if this page differs.

| | now | goal |
|---|---|---|
| cents for 1,000 payments, 80 of 100 paid, without Upstash | ${mix.toFixed(2)}${mix > GOALS.cents ? ", missed" : ""} | ${GOALS.cents} |
| dollars a month without a payment, dev | ${idle.toFixed(2)}${idle > GOALS.idle ? ", missed" : ""} | ${GOALS.idle} |

The template has ${standing.alarms} metrics in alarms, ${standing.ownMetrics} metrics of ours that are sent without a fault, ${standing.composites} composite alarm, ${standing.dashboards} dashboard with ${standing.largestDashboard} metrics, and ${standing.secrets} secrets.

## Cents for 1,000 payments

List prices, without what AWS gives for nothing. A payment has ${STATUS_READS} reads of its status. The units, calls and records are counted;
the milliseconds of a call and the bytes of a record are estimates (\`.ci/cost/cost.ts\`). Not
included: starts of functions, Chapa's callback beside the webhook, and what the daily comparison reads of each payment on ten days, of paid
ones on 45 (at most 55 RRU, about 0.8 cents).

${table({ paid: centsFor1000.paid, unpaid: centsFor1000.unpaid, "80:20": centsFor1000.mix }, 3)}

Most of it are the verifications of unpaid payments (\`docs/performance.md\`, "Units"). Next: fewer of them.

## Dollars a month

With what AWS gives to every account each month; 80 of 100 payments are paid.

${table(dollarsAMonth, 2)}

Of an idle month most are the dashboard, which costs nothing up to ${FREE_METRICS} metrics, and the alarms. Next: a smaller dashboard, and
no ticket alarms in dev.
`;
}
