import * as z from "zod";
import { ChapaClient } from "../../lib/chapa/client.ts";
import type { ListingMessage, NotificationMessage, ResolveMessage } from "../../lib/contract/queues.ts";
import { DependencyUnavailable } from "../../lib/domain/errors.ts";
import { Ref, refOf } from "../../lib/domain/ids.ts";
import { PriceBook } from "../../lib/domain/prices.ts";
import { DAY_MS } from "../../lib/domain/time.ts";
import type { Mode } from "../../lib/domain/vocabulary.ts";
import type { InitiatePorts } from "../../lib/flows/steps/begin-request.ts";
import { CallFailed, type HttpRequest } from "../../lib/runtime/call.ts";
import type { LogFields } from "../../lib/runtime/logger.ts";
import type { Gauge } from "../../lib/runtime/metrics.ts";
import type { Confirmation, ListingAnswer } from "../../lib/services/listing.ts";
import type { Delivery, Notice } from "../../lib/services/notification.ts";
import { ContactTable } from "../../lib/table/contacts.ts";
import { dayBuckets, FLAG_SHARDS, shardOf } from "../../lib/table/keys.ts";
import { MarkTable } from "../../lib/table/marks.ts";
import { NotificationPauseTable } from "../../lib/table/notification-pause.ts";
import { PaymentTable } from "../../lib/table/payments.ts";
import { ProgressTable } from "../../lib/table/progress.ts";
import { RequestTable } from "../../lib/table/requests.ts";
import { TableIdentity } from "../../lib/table/table-identity.ts";
import { TotalsTable } from "../../lib/table/totals.ts";
import { answerApi } from "../../local/chapa/api.ts";
import type { SimulatorState } from "../../local/chapa/state.ts";
import { TX_STAGE } from "../../local/environment.ts";
import type { Invariants } from "../invariants/invariants.ts";
import type { MemoryTable } from "../support/memory-table.ts";
import { FEE, POLICY } from "../support/payments.ts";
import type { ChapaBehaviour } from "./chapa-behaviour.ts";
import { CHAPA, type Ledger, SEEN } from "./ledger.ts";
import type { Scheduler } from "./scheduler.ts";

export const NAMESPACE = "simulation";
const SERIALS = 3;
/** A fee of another user. */
export const LOST_REF = refOf(NAMESPACE, { ...FEE, userId: FEE.propertyId });
const QUOTA = { name: "simulation", limit: 1, windowSeconds: 60, remaining: 1, resetSeconds: 60 };
const REFUSED = { allowed: false, retryAfterSeconds: 60, quota: QUOTA } as const;
const away = () => new DependencyUnavailable("The queue");
const Verified = z.object({ data: z.object({ status: z.string() }) });
const cut = (hadEffect: boolean) => new CallFailed(hadEffect ? "ECONNRESET" : "ECONNREFUSED", hadEffect);

/** Where the flows' messages and calls go. */
export type Outside = {
  asked(message: ResolveMessage): void;
  listingMessages(message: ListingMessage): void;
  note(message: NotificationMessage): void;
  nextNote():
    | { message: NotificationMessage; receives: number; done(): void; later(seconds: number): void }
    | undefined;
  confirm(confirmation: Confirmation): ListingAnswer;
  isApproved(): boolean;
  notified(notice: Notice): Delivery;
  dropped(message: NotificationMessage): void;
  gauge: Gauge;
  /** Whether the function that acts now would have been stopped before. */
  isOver(): boolean;
  /** Chapa has got a request to send money back. */
  refundPosted(capture: string, posted: RefundPosted): void;
};

/** What a request for a refund tells Chapa. */
export type RefundPosted = z.infer<typeof RefundPosted>;
const RefundPosted = z.object({ amount: z.string(), reference: z.string() });

type Parts = {
  scheduler: Scheduler;
  table: MemoryTable;
  simulator: SimulatorState;
  behaviour: ChapaBehaviour;
  ledger: Ledger;
  invariants: Invariants;
  outside: Outside;
  isWorking: () => boolean;
};

/** The ports of every flow: real adapters over a table in memory and a simulated Chapa, each call of them scheduled. */
export function portsOf({ scheduler, table, simulator, behaviour, ledger, invariants, outside, isWorking }: Parts) {
  const expectedMode: Mode = behaviour.isLive ? "live" : "test";
  const policy = { ...POLICY, expectedMode };
  const { client } = table;
  const record = (message: string, fields: LogFields = {}) => {
    invariants.recorded({ message, ...fields });
    // It raises an alarm.
    if (message === "reconcile_finding") for (const reference of referencesIn(fields)) ledger.reported.add(reference);
  };
  const log = { info: record, warn: record, error: record };
  const count = (name: string) => void ledger.counted.add(name);
  const clock = {
    now: () => scheduler.now,
    sleep: (ms: number) => {
      const passes = () => {
        scheduler.pass(ms);
      };
      return scheduler.call("clock.sleep", "", passes, away).catch(() => undefined);
    },
  };
  const chapa = new ChapaClient({
    baseUrl: "https://api.chapa.co/v1",
    checkoutOrigins: [simulator.settings.origin],
    keys: { get: async () => behaviour.keys, renewed: async () => behaviour.keys },
    send: (call) => chapaCall(call),
  });

  async function chapaCall({ method, url, headers = {}, body = "" }: HttpRequest) {
    const { pathname, searchParams } = new URL(url);
    const [, , kind, verb = "", name] = pathname.split("/");
    if (kind === "refund") return refundCall(url, { method, headers, body }, name === "verify");
    const about = name ?? txRefIn(body);
    const request = { method, path: pathname, query: searchParams, headers, body: Buffer.from(body) };
    const site = verb === "" ? "chapa.transactions" : `chapa.${verb}`;
    const askedAt = scheduler.now;
    if (verb === "cancel") ledger.cancelTried(scheduler.current?.name ?? "", about);
    const task = scheduler.current?.name ?? "";
    const { status, said } = await scheduler.call(
      site,
      about,
      async () => {
        const isRead = verb === "verify" || verb === "";
        scheduler.touch(CHAPA, isRead ? "read" : "change");
        if (!isRead) scheduler.touch(SEEN, "change");
        const { status, body: said } = await behaviour.answer(request, about, () => answerApi(simulator, request));
        if (verb === "cancel") ledger.cancelled(task, about);
        return { status, said };
      },
      cut,
    );
    // An answer that was lost has told nobody anything.
    if (verb === "cancel") ledger.cancelAnswered(task, about);
    if (verb === "verify") ledger.verified(task, about, { askedAt, status, word: wordIn(said) });
    return { status, text: typeof said === "string" ? said : JSON.stringify(said ?? {}) };
  }

  /** No function lives for so long that it sends a refund which a person has given up meanwhile. */
  async function refundCall(url: string, call: Pick<HttpRequest, "method" | "headers" | "body">, isStatus: boolean) {
    const { pathname, searchParams } = new URL(url);
    const about = pathname.split("/")[3] ?? "";
    const { method, headers = {}, body = "" } = call;
    const request = { method, path: pathname, query: searchParams, headers, body: Buffer.from(body) };
    const effect = async () => {
      scheduler.touch(CHAPA, isStatus ? "read" : "change");
      if (!isStatus && outside.isOver()) throw cut(false);
      const answered = await behaviour.answer(request, about, () => answerApi(simulator, request));
      if (!isStatus && answered.status !== 401) outside.refundPosted(about, RefundPosted.parse(JSON.parse(body)));
      return answered;
    };
    const { status, body: said } = await scheduler.call(
      isStatus ? "chapa.refundStatus" : "chapa.refund",
      about,
      effect,
      cut,
    );
    return { status, text: typeof said === "string" ? said : JSON.stringify(said ?? {}) };
  }

  const payments = new PaymentTable(client, "payments", TX_STAGE);
  const common = {
    txStage: TX_STAGE,
    payments,
    chapa,
    clock,
    log,
    count,
    policy,
  };
  const totals = new TotalsTable(client, "payments");
  const marks = new MarkTable(client, "payments");
  // They depend on nothing but the piece of work, so that situations can be compared.
  const ids = new Map<string, number>();
  const newId = () => {
    const task = scheduler.current?.name ?? "";
    ids.set(task, (ids.get(task) ?? 0) + 1);
    return `${task} ${ids.get(task)}`;
  };
  const contacts = new ContactTable(
    client,
    "payments",
    async () => ({ current: "k", keys: { k: Buffer.alloc(32, 1) } }),
    (bytes) => new Uint8Array(bytes),
  );
  const shards = [...new Set([...refs(), LOST_REF].map(shardOf))];
  const queue = <Message>(site: string, take: (message: Message) => void) => ({
    send: ({ message }: { message: Message }) => scheduler.call(site, "", () => take(message), away),
    sendAll: (all: readonly { message: Message }[]) =>
      all.length === 0
        ? Promise.resolve()
        : scheduler.call(site, "", () => all.forEach(({ message }) => void take(message)), away),
  });
  const listingQueue = queue<ListingMessage>("queue.listing", outside.listingMessages);
  const notificationQueue = queue<NotificationMessage>("queue.notification", outside.note);
  const initiatePorts: InitiatePorts = {
    ...common,
    requests: new RequestTable(client, "payments"),
    contacts,
    customers: { find: async () => undefined },
    limiter: {
      take: async () => (!isWorking() && scheduler.choices.whim(0.04) ? REFUSED : { allowed: true, quota: QUOTA }),
      refused: () => (!isWorking() && scheduler.choices.whim(0.02) ? REFUSED : undefined),
    },
    presses: { take: async () => ({ allowed: true, quota: QUOTA }) },
    namespace: async () => NAMESPACE,
    priceBook: PriceBook.parse({ listing_fee: { amounts: ["500.00"] } }),
    identity: new TableIdentity(client, "payments", clock),
    baseUrl: "https://pay.rental.et",
  };
  const refundPorts = {
    ...common,
    closed: async () => undefined,
    limits: { take: async () => true, giveBack: async () => undefined },
    dailyLimit: Number.MAX_SAFE_INTEGER,
    newId,
  };
  const budget = { take: async () => ({ allowed: true, quota: QUOTA }) as const };
  return {
    payments,
    initiate: initiatePorts,
    cancel: common,
    contacts,
    readRepair: {
      resolve: queue<ResolveMessage>("queue.resolve", outside.asked),
      bucket: budget,
      clock,
      log,
    },
    resolve: { ...common, budget },
    refunds: refundPorts,
    decisions: common,
    sweep: {
      ...common,
      shards,
      resolve: queue<ResolveMessage>("queue.resolve", outside.asked),
      listing: listingQueue,
      notification: notificationQueue,
    },
    attention: { payments, flagShards: FLAG_SHARDS, clock, gauge: outside.gauge },
    publish: {
      listing: listingQueue,
      notification: notificationQueue,
      marks,
      totals,
      newId,
      policy,
      clock,
      log,
      count: common.count,
    },
    reconcile: {
      ...common,
      totals,
      progress: new ProgressTable(client, "payments"),
      pagesLimit: 2_000,
      bucketsOf: (day: string) => dayBuckets(day).filter((bucket) => shards.includes(bucket.slice(-1))),
    },
    notifyListing: {
      ...common,
      listing: {
        confirm: (confirmation: Confirmation) =>
          scheduler
            .call("listing.confirm", confirmation.status, () => outside.confirm(confirmation), away)
            .catch((error: unknown): ListingAnswer => {
              if (error instanceof DependencyUnavailable) return { kind: "unknown" };
              throw error;
            }),
        isPublicOrReserved: () =>
          scheduler.call("listing.public", "", () => outside.isApproved(), away).catch(() => undefined),
      },
    },
    notifyUsers: {
      payments,
      contacts,
      baseUrl: "https://pay.rental.et",
      receiptOf: async (paymentId: string) => `/api/v1/payments/${paymentId}/receipt`,
      inbox: {
        next: async () => {
          const entry = outside.nextNote();
          if (!entry) return undefined;
          const answered = (site: string, effect: () => void) => scheduler.call(site, "", effect, away);
          return {
            body: { ...entry.message, ref: Ref.parse(entry.message.ref) },
            receives: entry.receives,
            done: () => answered("queue.notification.delete", entry.done),
            later: (seconds: number) => answered("queue.notification.later", () => entry.later(seconds)),
          };
        },
      },
      marks,
      newId,
      waiting: queue<NotificationMessage>("queue.notification", outside.note),
      dropped: queue<NotificationMessage>("queue.dropped", outside.dropped),
      pause: new NotificationPauseTable(client, "payments"),
      perMinute: 8,
      maxAgeMs: 13 * DAY_MS,
      notification: {
        send: (notice: Notice) =>
          scheduler
            .call("notification.send", notice.event, () => outside.notified(notice), cut)
            .catch((error: unknown): Delivery => {
              if (error instanceof CallFailed) return { kind: error.sent ? "maybe" : "later" };
              throw error;
            }),
      },
      clock,
      log,
      count,
    },
  };
}

export type Ports = ReturnType<typeof portsOf>;

/** The keys that the one fee of a run may get, serial by serial. */
function refs() {
  return Array.from({ length: SERIALS }, (_, serial) => refOf(NAMESPACE, { ...FEE, serial }));
}

/** Chapa's references that a finding names. */
function referencesIn({ reference, references }: LogFields): string[] {
  return [reference, references].flatMap((named) => String(named).split(" "));
}

/** What an answer to verify says of the transaction. */
function wordIn(body: unknown): string | undefined {
  return Verified.safeParse(body).data?.data.status;
}

function txRefIn(body: string): string {
  return /"tx_ref":"(\w+)"/.exec(body)?.[1] ?? "";
}
