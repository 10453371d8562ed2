import { createCipheriv, createDecipheriv } from "node:crypto";
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { Contact } from "../domain/contact.ts";
import type { Ref } from "../domain/ids.ts";
import { DAY_MS, type Instant } from "../domain/time.ts";
import { callTable } from "./conditional.ts";
import { contactKey } from "./keys.ts";

/** Keys by id, 32 bytes each. `current` encrypts; the others only decrypt. */
export type ContactKeys = { current: string; keys: Readonly<Record<string, Uint8Array>> };

const TTL_MS = 30 * DAY_MS;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Contact rows, encrypted with AES-256-GCM and bound to their payment. */
export class ContactTable {
  readonly #client: DynamoDBDocumentClient;
  readonly #name: string;
  readonly #keys: () => Promise<ContactKeys>;
  readonly #random: (bytes: number) => Uint8Array;

  constructor(
    client: DynamoDBDocumentClient,
    name: string,
    keys: () => Promise<ContactKeys>,
    random: (bytes: number) => Uint8Array,
  ) {
    this.#client = client;
    this.#name = name;
    this.#keys = keys;
    this.#random = random;
  }

  /** Stores the contact of the latest checkout; it expires 30 days after `now`. */
  async store(ref: Ref, contact: Contact, now: Instant): Promise<void> {
    const { current, keys } = await this.#keys();
    const key = keys[current];
    if (!key) throw new Error(`no contact key "${current}"`);
    const iv = this.#random(IV_BYTES);
    const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(ref));
    const ciphertext = Buffer.concat([
      cipher.update(JSON.stringify(contact), "utf8"),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    await callTable(() =>
      this.#client.send(
        new PutCommand({
          TableName: this.#name,
          Item: { ...contactKey(ref), key_id: current, iv, ciphertext, ttl: Math.ceil((now + TTL_MS) / 1000) },
        }),
      ),
    );
  }

  /** Returns the contact; undefined if there is none or it has expired. */
  async find(ref: Ref, now: Instant): Promise<Contact | undefined> {
    const { Item } = await callTable(() =>
      this.#client.send(new GetCommand({ TableName: this.#name, Key: contactKey(ref) })),
    );
    if (!Item || Number(Item["ttl"]) * 1000 <= now) return undefined;
    const row = StoredContact.parse(Item);
    const key = (await this.#keys()).keys[row.key_id];
    if (!key) throw new Error(`no contact key "${row.key_id}"`);
    const ciphertext = Buffer.from(row.ciphertext);
    const decipher = createDecipheriv("aes-256-gcm", key, row.iv)
      .setAAD(Buffer.from(ref))
      .setAuthTag(ciphertext.subarray(-TAG_BYTES));
    const clear = Buffer.concat([decipher.update(ciphertext.subarray(0, -TAG_BYTES)), decipher.final()]);
    return Contact.parse(JSON.parse(clear.toString("utf8")));
  }
}

const StoredContact = z.object({
  key_id: z.string(),
  iv: z.instanceof(Uint8Array),
  ciphertext: z.instanceof(Uint8Array),
});
