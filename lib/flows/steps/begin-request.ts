import { createHash } from "node:crypto";
import type { ChapaClient } from "../../chapa/client.ts";
import { type Claim, claim, type Start } from "../../domain/apply.ts";
import type { InitiateCommand } from "../../domain/commands.ts";
import type { Contact } from "../../domain/contact.ts";
import type { KnownRequest, RequestFields } from "../../domain/decide.ts";
import {
  DependencyUnavailable,
  errorName,
  GatewayMisconfigured,
  PaymentError,
  type Quota,
  RateLimited,
  UserUnknown,
} from "../../domain/errors.ts";
import { type Ref, refOf, requestHash, Uuid } from "../../domain/ids.ts";
import { toBirr } from "../../domain/money.ts";
import type { Lease, Payment, Terms } from "../../domain/payment.ts";
import { type Price, type PriceBook, priceOf } from "../../domain/prices.ts";
import type { TransitionContext } from "../../domain/transitions.ts";
import type { Policy } from "../../domain/verification-schedule.ts";
import type { Mode } from "../../domain/vocabulary.ts";
import type { Refusal, Verdict } from "../../runtime/rate-limit.ts";
import type { UserDirectory } from "../../services/user-directory.ts";
import type { PaymentTable } from "../../table/payments.ts";
import type { RequestTable } from "../../table/requests.ts";
import type { TableIdentity } from "../../table/table-identity.ts";
import type { OpenPorts } from "./open-checkout.ts";
import type { CapturePorts } from "./record-capture.ts";
import { runContext } from "./run-context.ts";

// A person must put another key into the secret.
const RETRY_SECONDS = 60;

export type InitiatePorts = CapturePorts &
  OpenPorts & {
    payments: Pick<PaymentTable, "find" | "discard">;
    requests: Pick<RequestTable, "find" | "record" | "refuse">;
    chapa: Pick<ChapaClient, "verify">;
    customers: Pick<UserDirectory, "find">;
    limiter: {
      take(caller: string, callsPerMinute?: number): Promise<Verdict>;
      refused(caller: string, callsPerMinute?: number): Refusal | undefined;
    };
    /** The wider limit of presses that are answered with what is stored. */
    presses: { take(caller: string): Promise<Verdict> };
    namespace: () => Promise<string>;
    txStage: string;
    priceBook: PriceBook;
    policy: Policy;
    identity: Pick<TableIdentity, "closed" | "knownClosed">;
  };

/** `me` names this invocation; `deadline` and `leaseUntil` are epoch ms. */
export type InitiateRun = { me: string; deadline: number; leaseUntil: number };

/**
 * What one invocation needs to serve its request. `barred` says why it may neither open nor close a checkout; what is
 * stored is still answered. `known` is then the request, if it was read already.
 */
export type Job = {
  barred?: PaymentError | undefined;
  known?: KnownRequest | undefined;
  ports: InitiatePorts;
  context: () => TransitionContext;
  /** What this request has closed at Chapa, by reference. */
  closed: Set<string>;
  command: InitiateCommand;
  run: InitiateRun;
  price: Price;
  terms: Terms;
  contact: Contact;
  asked: RequestFields;
  namespace: string;
  hash: string;
  refAt: (serial: number) => Ref;
};

/**
 * `claimed` is the untouched row of this invocation, if it wrote one. `barred` is the refusal of a caller over the limit,
 * who gets what is stored and no more; their request is recorded once it is answered.
 */
export type Started = {
  barred?: RateLimited;
  payment: Payment;
  request: KnownRequest;
  replayed: boolean;
  quota: Quota;
  claimed?: Payment | undefined;
};

/**
 * Returns the job of a request: its price, terms, contact and keys.
 * @throws PurposeUnknown, CurrencyDiffers, PriceDiffers, UserUnknown, DependencyUnavailable
 */
export async function prepare(ports: InitiatePorts, command: InitiateCommand, run: InitiateRun): Promise<Job> {
  const { price, barred, known } = await quote(ports, command);
  const [namespace, current, contact] = await Promise.all([
    ports.namespace(),
    ports.chapa.current(),
    command.contact ?? findContact(ports, command.userId),
  ]);
  const fee = { userId: command.userId, propertyId: command.propertyId, purpose: price.purpose };
  return {
    barred: barred ?? (current.mode === ports.policy.expectedMode ? undefined : keyModeWrong(ports, current.mode)),
    known,
    ports,
    context: runContext(ports, "initiate"),
    closed: new Set(),
    command,
    run,
    price,
    terms: { amount: price.amount, currency: price.currency, ...current },
    contact,
    asked: {
      property_id: command.propertyId,
      purpose: command.purpose ?? price.purpose,
      ...(command.currency === undefined ? {} : { currency: command.currency }),
      ...(command.amount === undefined ? {} : { amount: toBirr(command.amount) }),
      ...(command.support ? { reason: digestOf(command.support.reason) } : {}),
    },
    namespace,
    hash: requestHash(namespace, command.userId, command.requestId),
    refAt: (serial) => refOf(namespace, { ...fee, serial }),
  };
}

// The payment keeps the words. A request is only compared.
function digestOf(reason: string): string {
  return createHash("sha256").update(reason).digest("base64url");
}

type Quote = Pick<Job, "price" | "barred" | "known">;

/**
 * Returns the price of the request. If the price book does not have it, a request that was recorded before a change of
 * the book goes on under the price of its payment.
 */
async function quote(ports: InitiatePorts, command: InitiateCommand): Promise<Quote> {
  try {
    return { price: priceOf(ports.priceBook, command) };
  } catch (refusal) {
    if (!(refusal instanceof PaymentError)) throw refusal;
    const hash = requestHash(await ports.namespace(), command.userId, command.requestId);
    const known = await ports.requests.find(hash);
    const payment = known && (await ports.payments.find(known.ref));
    if (!payment) throw refusal;
    const price = { ...payment.terms, purpose: payment.purpose ?? "", payableAgain: false, title: "" };
    return { price, barred: refusal, known };
  }
}

function keyModeWrong({ count, log, policy }: InitiatePorts, mode: Mode): GatewayMisconfigured {
  count("KeyModeWrong");
  log.error("key_mode_wrong", { expected: policy.expectedMode, mode });
  return new GatewayMisconfigured(RETRY_SECONDS);
}

/**
 * A failed lookup must not stop the payment, because a payment needs no contact. An unknown user does stop it.
 * @throws UserUnknown
 */
async function findContact(ports: InitiatePorts, userId: Uuid): Promise<Contact> {
  try {
    const user = await ports.customers.find(userId);
    if (!user) throw new UserUnknown();
    return user;
  } catch (error) {
    if (!(error instanceof DependencyUnavailable)) throw error;
    ports.log.warn("customer_lookup_failed", { error: errorName(error) });
    return {};
  }
}

/**
 * Writes the claim and the request and counts the call, in parallel to save time. A refused new request leaves only a
 * note.
 * @throws RateLimited
 */
export async function begin(job: Job): Promise<Started> {
  const { ports, command, run, hash } = job;
  const refused = ports.limiter.refused(command.caller, command.callsPerMinute);
  if (refused) return overLimit(job, refused);
  if (job.barred) return recall(job, job.barred);

  const claimed = newClaim(job, 0);
  const [written, recorded, verdict] = await Promise.all([
    ports.payments.create(claimed),
    ports.requests.record(hash, {
      ref: claimed.ref,
      fields: fieldsOf(job),
      recordedAt: ports.clock.now(),
      by: run.me,
    }),
    ports.limiter.take(command.caller, command.callsPerMinute),
  ]);
  if (!verdict.allowed && !recorded.replayed) {
    await ports.requests.refuse(hash, run.me, ports.clock.now());
    if (written.won) await ports.payments.discard(claimed);
    return overLimit(job, verdict);
  }
  const { request, replayed } = recorded;
  // The request may be known for another fee.
  const stored = request.ref === claimed.ref ? undefined : await ports.payments.find(request.ref);
  return {
    payment: stored ?? written.payment,
    request,
    replayed,
    quota: verdict.quota,
    claimed: written.won ? claimed : undefined,
  };
}

/**
 * Begins without a claim, because no checkout may be opened.
 * @throws RateLimited, or `barred` if nothing is stored that could be the answer
 */
async function recall(job: Job, barred: PaymentError): Promise<Started> {
  const { ports, command, run, hash } = job;
  const ref = job.refAt(0);
  const [known, first, verdict] = await Promise.all([
    job.known ?? ports.requests.find(hash),
    ports.payments.find(ref),
    ports.limiter.take(command.caller, command.callsPerMinute),
  ]);
  if (!verdict.allowed && !known) throw new RateLimited(verdict);
  const payment = known && known.ref !== ref ? await ports.payments.find(known.ref) : first;
  if (!payment) throw barred;
  const unknown = { ref, fields: fieldsOf(job), recordedAt: ports.clock.now(), by: run.me };
  const request = known ?? (await ports.requests.record(hash, unknown)).request;
  return { payment, request, replayed: known !== undefined, quota: verdict.quota };
}

/**
 * Handles a caller over the limit, which is a limit of what they open. A replay continues. Any other press of a fee that
 * has a payment is answered with what is stored, within a wider limit. A flood of other requests writes nothing.
 * @throws RateLimited
 */
async function overLimit(job: Job, refusal: Refusal): Promise<Started> {
  const { ports, command, run, hash } = job;
  const ref = job.refAt(0);
  const [request, first] = await Promise.all([ports.requests.find(hash), ports.payments.find(ref)]);
  const named = request && (request.ref === ref ? first : await ports.payments.find(request.ref));
  if (request && named) return { payment: named, request, replayed: true, quota: refusal.quota };
  const barred = new RateLimited(refusal);
  if (!first) throw barred;
  const press = await ports.presses.take(command.caller);
  if (!press.allowed) throw new RateLimited(press);
  const unrecorded = { ref, fields: fieldsOf(job), recordedAt: ports.clock.now(), by: run.me };
  return { payment: first, request: unrecorded, replayed: false, quota: press.quota, barred };
}

/** The fields to record. The currency is always among them, so that later requests that name it can be compared. */
function fieldsOf({ asked, price }: Job): RequestFields {
  return { currency: price.currency, ...asked };
}

/** What the request asks for, as the fields of `known` say it. A currency that is not named equals any. */
export function askedOf({ asked }: Job, known: KnownRequest): RequestFields {
  const { currency } = known.fields;
  return { ...(currency === undefined ? {} : { currency }), ...asked };
}

export function newClaim(job: Job, serial: number): Payment {
  const claimed = { ...feeOf(job, serial), requestId: Uuid.safeParse(job.command.requestId).data };
  return claim({ ref: job.refAt(serial), txStage: job.ports.txStage }, claimed, startOf(job), job.context());
}

export function feeOf({ command, price, refAt }: Job, serial: number): Claim {
  const previous = serial > 0 ? refAt(serial - 1) : undefined;
  return { userId: command.userId, propertyId: command.propertyId, purpose: price.purpose, serial, previous };
}

function leaseOf({ run }: Job): Lease {
  return { holder: run.me, until: run.leaseUntil };
}

export function startOf(job: Job): Start {
  return { terms: job.terms, lease: leaseOf(job) };
}
