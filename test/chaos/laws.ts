import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { DynamoDBRecord } from "aws-lambda";
import * as z from "zod";
import { PAYMENT_PREFIX } from "../../lib/contract/table.ts";
import { parseTxRef, txRefOf } from "../../lib/domain/ids.ts";
import { openFlags, type Payment } from "../../lib/domain/payment.ts";
import { WIRE_STATUS } from "../../lib/domain/vocabulary.ts";
import { fromItem } from "../../lib/table/payment-item.ts";
import type { HttpResponse } from "../../local/api-client.ts";
import type { ChapaSimulator } from "../../local/chapa/simulator.ts";
import type { Cloud } from "../../local/cloud.ts";
import { dynamo } from "../../local/dynamo/requests.ts";
import { TABLE_NAME } from "../../local/environment.ts";
import { capturesWithoutCall } from "../support/payments.ts";

/** A law was broken, and for which payment (its ref, or a reference of Chapa's that begins with it). */
export type Violation = { law: string; of: string; how: string };

const PRICE = 50_000;
const Initialize = z.looseObject({ tx_ref: z.string() });
const CAN_BE_PAID = ["OPEN", "ATTEMPTING"];

/** Watches a cloud from outside: what it answers, what it writes, what Chapa's ledger says. */
export class Laws {
  readonly violations: Violation[] = [];
  /** References whose money was under way when their link may have been closed: it may come after a FAILED. */
  readonly inFlight = new Set<string>();
  readonly #published = new Map<string, Set<string>>();
  #cloud: Cloud | undefined;
  #table = "";

  /** @param table where the engine itself is */
  watch(cloud: Cloud, table: string): void {
    this.#cloud = cloud;
    this.#table = table;
  }

  /** Record before effect: the row of a checkout stands before Chapa hears of it. */
  async initialized(body: Buffer): Promise<void> {
    const { tx_ref } = Initialize.parse(JSON.parse(body.toString("utf8")));
    const parsed = parseTxRef(tx_ref);
    const { Item } = await dynamo<{ Item?: Parameters<typeof unmarshall>[0] }>(this.#table, "GetItem", {
      TableName: TABLE_NAME,
      Key: { pk: { S: `${PAYMENT_PREFIX}${parsed?.ref}` } },
      ConsistentRead: true,
    });
    const row = Item && fromItem(unmarshall(Item));
    if (row && parsed && parsed.attempt <= row.attempt) return;
    this.#broken("no transaction at Chapa without a row", tx_ref, row ? `its row is at ${row.attempt}` : "no row");
  }

  /** An answer about one fee. @param askedAt when its request left */
  answered(fee: string, { status, body }: Pick<HttpResponse, "status" | "body">, askedAt: number): void {
    if (status >= 300) return;
    const txRef = String(body["chapa_tx_ref"]);
    const url = String(body["checkout_url"]);
    if (url.startsWith(`${this.#chapa.origin}/checkout/`)) this.#shown(fee, txRef, url);
    if (body["status"] !== "FAILED") return;
    const own = this.#published.get(fee) ?? new Set();
    const paid = [...own].filter((reference) => this.#openlyPaidBefore(reference, askedAt));
    if (paid.length > 0) this.#broken("no FAILED told to a payer who paid", paid[0] ?? "", `answered ${status} FAILED`);
  }

  /** One change of the table. */
  changed({ dynamodb }: DynamoDBRecord): void {
    const after = paymentOf(dynamodb?.NewImage);
    const before = paymentOf(dynamodb?.OldImage);
    if (!after) return;
    const { ref } = after;
    if (before?.state === "SUCCESS" && after.state !== "SUCCESS")
      this.#broken("SUCCESS is never left", ref, `became ${after.state}`);
    if (before && (after.version < before.version || after.version > before.version + 1))
      this.#broken("every move raises the version by one", ref, `${before.version} → ${after.version}`);
    if (before && after.version === before.version && after.state !== before.state)
      this.#broken("every move raises the version by one", ref, `${before.state} → ${after.state} at ${after.version}`);
    if (before?.finalised && after.attempt > before.attempt)
      this.#broken("a finalised payment is not opened again", ref, `attempt ${after.attempt}`);
    const isGivenUp = WIRE_STATUS[after.state] === "FAILED" && before?.state !== after.state;
    const paid = isGivenUp ? this.#attemptsOf(after).filter((txRef) => this.#openlyPaidBefore(txRef, Infinity)) : [];
    if (paid.length > 0) this.#broken("no FAILED for a payer who paid", paid[0] ?? ref, `became ${after.state}`);
  }

  /** What must hold when everything has been made good. */
  async atTheEnd(): Promise<void> {
    const payments = await this.#rows();
    const byRef = new Map<string, Payment>(payments.map((payment) => [payment.ref, payment]));
    const captures = this.#chapa.captures();
    for (const { txRef } of this.#chapa.transactions()) {
      const parsed = parseTxRef(txRef);
      const row = parsed && byRef.get(parsed.ref);
      if (!row || parsed.attempt > row.attempt)
        this.#broken("no transaction at Chapa without a row", txRef, row ? `its row is at ${row.attempt}` : "no row");
    }
    for (const { txRef, amount } of captures) {
      const row = byRef.get(parseTxRef(txRef)?.ref ?? "");
      if (!row) continue;
      if (!row.captures.some(({ attempt }) => txRefOf(row.ref, attempt) === txRef))
        this.#broken("every capture is accounted for", txRef, `${row.state}, and its row does not know of it`);
      if (row.state !== "SUCCESS" && row.state !== "REVIEW")
        this.#broken("every capture is accounted for", txRef, `took ${amount} and is ${row.state}`);
    }
    const taken = Map.groupBy(captures, ({ txRef }) => txRef.slice(0, -2));
    for (const payment of payments) this.#paidAsItSays(payment, taken.get(payment.ref) ?? []);
  }

  /** Everything about one payment, for whoever looks for the reason. */
  async story(of: string): Promise<string> {
    const ref = of.slice(0, 18);
    const row = (await this.#rows()).find((payment) => payment.ref === ref);
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

  #paidAsItSays(payment: Payment, captures: readonly { txRef: string; amount: number }[]): void {
    const { ref, state } = payment;
    const open = openFlags(payment);
    if (state === "SUCCESS" && captures.length === 0) this.#broken("no SUCCESS without a capture", ref, "no capture");
    if (state === "SUCCESS" && captures.every(({ amount }) => amount !== PRICE))
      this.#broken("no SUCCESS without a capture", ref, "only of another amount");
    for (const { attempt } of capturesWithoutCall(payment))
      this.#broken("a second capture calls a person", txRefOf(ref, attempt), `${captures.length} captures`);
    if (payment.captures.filter(({ kind }) => kind === "confirmed").length > 1)
      this.#broken("one capture is the fee", ref, `${captures.length} captures`);
    if (state !== "SUCCESS" || open.includes("listing_closed") || open.includes("listing_unclear")) return;
    const property = this.#required.services.listing?.property(payment.propertyId ?? "");
    if (property?.status !== "APPROVED" || payment.acknowledgedAt === undefined)
      this.#broken("the listing is approved for each SUCCESS", ref, `${property?.status} there`);
  }

  #shown(fee: string, txRef: string, url: string): void {
    const own = this.#published.get(fee) ?? new Set<string>();
    this.#published.set(fee, own);
    const isItsOwn = this.#chapa.transaction(txRef)?.checkoutUrl === url;
    const shown = isItsOwn ? txRef : this.#chapa.transactions().find(({ checkoutUrl }) => checkoutUrl === url)?.txRef;
    if (!isItsOwn) this.#broken("an answer's URL is its reference's", txRef, `the URL is that of ${shown}`);
    if (shown) own.add(shown);
    const live = [...own].filter((reference) => CAN_BE_PAID.includes(this.#chapa.transaction(reference)?.state ?? ""));
    if (live.length > 1) this.#broken("one published URL can be paid", txRef, `so can ${live.join()}`);
  }

  #openlyPaidBefore(txRef: string, at: number): boolean {
    if (this.inFlight.has(txRef)) return false;
    return this.#chapa.transaction(txRef)?.captures.some((capture) => capture.at < at) ?? false;
  }

  #attemptsOf({ ref, attempt }: Payment): string[] {
    return Array.from({ length: attempt + 1 }, (_, number) => txRefOf(ref, number));
  }

  #broken(law: string, of: string, how: string): void {
    if (this.violations.some((known) => known.law === law && known.of === of)) return;
    this.violations.push({ law, of, how });
  }

  async #rows(): Promise<Payment[]> {
    return this.#required.rows.payments();
  }

  get #required(): Cloud {
    if (!this.#cloud) throw new Error("there is no cloud to watch yet");
    return this.#cloud;
  }

  get #chapa(): ChapaSimulator {
    const { chapa } = this.#required;
    if (!chapa) throw new Error("the laws need Chapa's own ledger");
    return chapa;
  }
}

function paymentOf(image: unknown): Payment | undefined {
  const row = image ? unmarshall(image as Parameters<typeof unmarshall>[0]) : undefined;
  return row && String(row["pk"]).startsWith(PAYMENT_PREFIX) ? fromItem(row) : undefined;
}
