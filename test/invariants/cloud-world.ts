import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { DynamoDBRecord } from "aws-lambda";
import * as z from "zod";
import { PAYMENT_PREFIX } from "../../lib/contract/table.ts";
import { parseTxRef } from "../../lib/domain/ids.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import { type State, WIRE_STATUS } from "../../lib/domain/vocabulary.ts";
import { fromItem } from "../../lib/table/payment-item.ts";
import type { HttpResponse } from "../../local/api-client.ts";
import type { ChapaSimulator } from "../../local/chapa/simulator.ts";
import type { Cloud } from "../../local/cloud.ts";
import { TX_STAGE } from "../../local/environment.ts";
import type { Violation } from "./catalogue.ts";
import { Invariants } from "./invariants.ts";
import type { Answer, Taken, World } from "./world.ts";

const PAYABLE = ["OPEN", "ATTEMPTING"];
const REF_LENGTH = 16;
const states = Object.keys(WIRE_STATUS).filter((name): name is State => name in WIRE_STATUS);
const About = z.looseObject({
  chapa_tx_ref: z.string(),
  state: z.enum(states),
  // A status masks the field of the predecessor.
  reference: z.string().optional(),
  checkout_url: z.string().nullish(),
});
const Notice = z.looseObject({ context: z.looseObject({ tx_ref: z.string() }) });

/** A running cloud from outside: what it answers, what it writes, what Chapa's ledger and the siblings say. */
export class CloudWorld implements World {
  readonly invariants: Invariants;
  readonly violations: Violation[] = [];
  /** References whose money was under way when their link may have been closed: it may come after a FAILED. */
  readonly inFlight = new Set<string>();
  readonly #given = new Map<string, string>();
  #cloud: Cloud | undefined;

  constructor() {
    this.invariants = new Invariants(this, [], (violation) => {
      const isKnown = this.violations.some(
        ({ invariant, of }) => invariant === violation.invariant && of === violation.of,
      );
      if (!isKnown) this.violations.push(violation);
    });
  }

  watch(cloud: Cloud): void {
    this.#cloud = cloud;
  }

  /** One change of the table. */
  changed({ dynamodb }: DynamoDBRecord): void {
    const after = paymentIn(dynamodb?.NewImage);
    if (after) this.invariants.changed({ before: paymentIn(dynamodb?.OldImage), after });
  }

  /** An answer about one fee. @param askedAt when its request left, epoch ms */
  answered(fee: string, { status, body }: Pick<HttpResponse, "status" | "body">, askedAt: number): void {
    const about = About.safeParse(body).data;
    if (status >= 300 || !about) return;
    const paid = [...this.#given].flatMap(([txRef, of]) =>
      of === fee && this.#openlyPaidBefore(txRef, askedAt) ? [txRef] : [],
    );
    const url = about.checkout_url ?? "";
    this.invariants.answered({
      txRef: about.reference ?? about.chapa_tx_ref,
      fee,
      state: about.state,
      checkoutUrl: url.startsWith(`${this.#chapa.origin}/checkout/`) ? url : undefined,
      isPress: status === 202,
      paid,
    });
  }

  /**
   * Everything was made good, and nothing is owed any more.
   * @param mustNotify whether no message to a payer may have been lost
   * @param reported references of Chapa's about which the comparison of books has called a person
   */
  async atRest(mustNotify: boolean, reported: ReadonlySet<string> = new Set()): Promise<void> {
    const { services, rows } = this.#required;
    const sent = services.notification?.sent() ?? [];
    const notified = new Set(
      sent
        .filter(({ eventType }) => eventType === "payment_success")
        .map(({ body }) => refIn(Notice.parse(body).context.tx_ref)),
    );
    this.invariants.atRest({
      payments: await rows.payments(),
      listing: ({ propertyId = "" }) => ({ status: services.listing?.property(propertyId)?.status, isByHand: false }),
      isPayerNotified: ({ ref }) => !mustNotify || notified.has(ref),
      reported,
      unfindable: new Set(),
    });
  }

  /** Everything about one payment, for a reader who looks for the reason. @param of a ref, or what begins with one */
  async story(of: string): Promise<string> {
    const ref = refIn(of);
    const row = (await this.#required.rows.payments()).find((payment) => payment.ref === ref);
    const journal = this.#chapa.journal().flatMap((entry) => {
      if (entry.kind !== "request")
        return entry.txRef.startsWith(ref) ? [`${entry.at} ${entry.kind} ${entry.outcome}`] : [];
      const text = `${entry.path} ${entry.body}`;
      return text.includes(ref) ? [`${entry.at} ${entry.method} ${entry.path} ${entry.status ?? "no answer"}`] : [];
    });
    const ledger = this.#chapa.transactions().filter(({ txRef }) => txRef.startsWith(ref));
    return [
      `  row: ${JSON.stringify(row)}`,
      ...ledger.map((view) => `  Chapa has: ${JSON.stringify(view)}`),
      ...journal.map((line) => `  Chapa's journal: ${line}`),
    ].join("\n");
  }

  captures(): Taken[] {
    return this.#chapa.captures().map((capture) => {
      const { ref = "", attempt = 0 } = parseTxRef(capture.txRef, TX_STAGE) ?? {};
      return { ...capture, ref, attempt, isOpen: !this.inFlight.has(capture.txRef) };
    });
  }

  capturesOf(ref: string): Taken[] {
    return this.captures().filter((taken) => taken.ref === ref);
  }

  opened(): string[] {
    return this.#chapa.transactions().map(({ txRef }) => txRef);
  }

  urlOf(txRef: string): string | undefined {
    return this.#chapa.transaction(txRef)?.checkoutUrl;
  }

  given({ fee, txRef, checkoutUrl }: Answer): void {
    const isItsOwn = this.urlOf(txRef) === checkoutUrl;
    const shown = isItsOwn ? txRef : this.#chapa.transactions().find((view) => view.checkoutUrl === checkoutUrl)?.txRef;
    if (shown) this.#given.set(shown, fee);
  }

  payableLinks(of: string): string[] {
    return [...this.#given].flatMap(([txRef, fee]) => {
      if (fee !== of && !txRef.startsWith(of)) return [];
      return PAYABLE.includes(this.#chapa.transaction(txRef)?.state ?? "") ? [txRef] : [];
    });
  }

  #openlyPaidBefore(txRef: string, at: number): boolean {
    if (this.inFlight.has(txRef)) return false;
    return this.#chapa.transaction(txRef)?.captures.some((capture) => capture.at < at) ?? false;
  }

  get #required(): Cloud {
    if (!this.#cloud) throw new Error("there is no cloud to watch yet");
    return this.#cloud;
  }

  get #chapa(): ChapaSimulator {
    const { chapa } = this.#required;
    if (!chapa) throw new Error("the invariants need Chapa's own ledger");
    return chapa;
  }
}

/** The payment in an image of a row, when it is one. */
export function paymentIn(image: unknown): Payment | undefined {
  const row = image ? unmarshall(image as Parameters<typeof unmarshall>[0]) : undefined;
  return row && String(row["pk"]).startsWith(PAYMENT_PREFIX) ? fromItem(row, TX_STAGE) : undefined;
}

function refIn(of: string): string {
  return of.slice(0, REF_LENGTH);
}
