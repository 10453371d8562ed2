import fc from "fast-check";
import { expect, test } from "vitest";
import vectors from "../../docs/vectors/ids.json" with { type: "json" };
import {
  checkoutRefOf,
  eventIdOf,
  LAST_ATTEMPT,
  namespaceFingerprint,
  parseTxRef,
  paymentIdOf,
  Ref,
  refOf,
  refOfPaymentId,
  requestHash,
  txRefOf,
  Uuid,
} from "../../lib/domain/ids.ts";
import { aClaim, FEE } from "../support/payments.ts";

const uuids = fc.uuid({ version: 4 }).map((text) => Uuid.parse(text));
const refs = fc
  .tuple(uuids, uuids, fc.nat(9))
  .map(([userId, propertyId, serial]) =>
    refOf("property-test", { userId, propertyId, purpose: "listing_fee", serial }),
  );
const attempts = fc.integer({ min: 0, max: LAST_ATTEMPT });

test.each(vectors.fees)("the published vector $ref holds", (vector) => {
  const ref = refOf(vectors.namespace, {
    userId: Uuid.parse(vector.user_id),
    propertyId: Uuid.parse(vector.property_id),
    purpose: vector.purpose,
    serial: vector.serial,
  });

  expect(ref).toBe(vector.ref);
  expect(paymentIdOf(ref)).toBe(vector.payment_id);
  for (const [attempt, txRef] of Object.entries(vector.tx_refs)) {
    const key = { ref, txStage: vectors.tx_stage };
    expect(txRefOf(key, Number(attempt))).toBe(txRef);
    expect(parseTxRef(txRef, vectors.tx_stage)).toEqual({ ...key, attempt: Number(attempt), txRef });
  }
});

test.each(vectors.requests)("the published request vector $hash holds", ({ user_id, request_id, hash }) => {
  expect(requestHash(vectors.namespace, Uuid.parse(user_id), request_id)).toBe(hash);
});

test("a payment id is always a UUID of version 4 that leads back to its payment", () => {
  fc.assert(
    fc.property(refs, (ref) => {
      const id = paymentIdOf(ref);
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(refOfPaymentId(id)).toBe(ref);
    }),
  );
});

test("no UUID but our own leads to a payment, not one that differs in a single bit", () => {
  fc.assert(
    fc.property(refs, (ref) => {
      const id = BigInt(`0x${paymentIdOf(ref).replaceAll("-", "")}`);
      for (let bit = 0n; bit < 128n; bit++) {
        const forged = Uuid.parse((id ^ (1n << bit)).toString(16).padStart(32, "0"));
        expect(refOfPaymentId(forged)).toBeUndefined();
      }
    }),
    { numRuns: 20 },
  );
  fc.assert(
    fc.property(uuids, (id) => {
      expect(refOfPaymentId(id)).toBeUndefined();
    }),
  );
});

test("a reference at Chapa is 20 capital letters and digits and names its payment and attempt", () => {
  fc.assert(
    fc.property(refs, attempts, (ref, attempt) => {
      const txRef = txRefOf({ ref, txStage: "s" }, attempt);
      expect(txRef).toMatch(/^[0-9A-Z]{20}$/);
      expect(parseTxRef(txRef, "s")).toEqual({ ref, txStage: "s", attempt, txRef });
    }),
  );
});

test.each([
  "",
  "tx-7d0e0e6a-5a7f-4f0e-9b1f-0d8e7f3c2b10",
  "G85FR23GHWFN3DNF00B",
  "G85FR23GHWFN3DNF00BU",
  "G85FR23GHWFN3DNF00BV0",
])("the text %j is no reference of ours", (text) => {
  expect(parseTxRef(text, vectors.tx_stage)).toBeUndefined();
});

test.each(vectors.foreign)("the published text $text, $why, is no reference of ours", ({ text }) => {
  expect(parseTxRef(text, vectors.tx_stage)).toBeUndefined();
});

test("no reference with one other character, and none of another stage, is taken for one of ours", () => {
  // Ten check bits let one in 1,024 pass, so these are known ones.
  const { txRef, ...key } = parseTxRef("G85FR23GHWFN3DNF00BV", vectors.tx_stage) ?? expect.fail("not ours");
  const others = [...txRef].map(
    (character, at) => txRef.slice(0, at) + (character === "7" ? "8" : "7") + txRef.slice(at + 1),
  );
  for (const other of [...others, txRefOf({ ...key, txStage: "prod" }, 0)])
    expect(parseTxRef(other, vectors.tx_stage)).toBeUndefined();
});

test.each([-1, 1.5, LAST_ATTEMPT + 1])("a reference has no attempt %d", (attempt) => {
  expect(() => txRefOf({ ref: refOf("n", FEE), txStage: "s" }, attempt)).toThrow(RangeError);
  expect(() => txRefOf({ ref: refOf("n", FEE), txStage: "s" }, attempt)).toThrow(
    `attempt ${attempt} is outside 0..1023`,
  );
});

test("every textual form of a UUID means the same", () => {
  fc.assert(
    fc.property(uuids, (id) => {
      const plain = id.replaceAll("-", "");
      for (const text of [id.toUpperCase(), `{${id}}`, `urn:uuid:${id}`, `URN:UUID:${id}`, plain, ` ${id} `]) {
        expect(Uuid.parse(text)).toBe(id);
      }
    }),
  );
});

test.each([
  "",
  "7d0e0e6a-5a7f-4f0e-9b1f-0d8e7f3c2b1",
  "7d0e0e6a-5a7f-4f0e-9b1f-0d8e7f3c2b1g",
  "{7d0e0e6a",
  "not-a-uuid",
  "7d0e0e6a-5a7f-4f0e-9b1f-0d8e7f3c2b100",
  "x7d0e0e6a-5a7f-4f0e-9b1f-0d8e7f3c2b10",
  "7d0e0e6a-5a7f-4f0e-9b1f-0d8e7f3c2b10x",
  "7d0e{0e6a-5a7f-4f0e-9b1f-0d8e7f3c2b10",
  "7d0e}0e6a-5a7f-4f0e-9b1f-0d8e7f3c2b10",
  "7d0eurn:uuid:0e6a-5a7f-4f0e-9b1f-0d8e7f3c2b10",
])("the text %j is no UUID, and the refusal says so", (text) => {
  expect(Uuid.safeParse(text).error?.issues).toMatchObject([{ code: "custom", message: "not a UUID" }]);
});

test.each(["", "G85FR23GHWFN3DN", "G85FR23GHWFN3DNF0", "0G85FR23GHWFN3DNF", "G85FR23GHWFN3DNU"])(
  "the text %j is no key of a payment",
  (text) => {
    expect(Ref.safeParse(text).success).toBe(false);
  },
);

test("an event's id is made of payment and version, so that no two are equal", () => {
  const [a, b] = [refOf("n", FEE), refOf("n", { ...FEE, serial: 1 })];
  expect(eventIdOf(a, 7)).toBe(`${a}.7`);
  expect(new Set([eventIdOf(a, 1), eventIdOf(a, 11), eventIdOf(b, 1), eventIdOf(b, 11)]).size).toBe(4);
});

test("user, property, purpose, serial and namespace each make another payment", () => {
  const other = Uuid.parse("7d0e0e6a-5a7f-4f0e-9b1f-0d8e7f3c2b10");
  const all = [
    refOf("n", FEE),
    refOf("m", FEE),
    refOf("n", { ...FEE, userId: other }),
    refOf("n", { ...FEE, propertyId: other }),
    refOf("n", { ...FEE, purpose: "boost" }),
    refOf("n", { ...FEE, serial: 1 }),
  ];
  expect(new Set(all).size).toBe(all.length);
  for (const ref of all) expect(Ref.parse(ref)).toBe(ref);
});

test("one request id of two users names two requests", () => {
  expect(requestHash("n", FEE.userId, "r")).not.toBe(requestHash("n", FEE.propertyId, "r"));
});

test("a checkout is named by its payment, its attempt and the reference that Chapa gets", () => {
  const key = aClaim();
  const { ref, txStage } = key;
  expect(checkoutRefOf(key, 3)).toEqual({ ref, txStage, attempt: 3, txRef: txRefOf(key, 3) });
});

test("no check characters make a reference of a character that ours never have, or of another length", () => {
  const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  const ends = [...alphabet].flatMap((one) => [...alphabet].map((two) => one + two));
  for (const text of ["G85FR23GHWFN3DNF0I", "g85FR23GHWFN3DNF00"])
    expect(ends.filter((end) => parseTxRef(text + end, vectors.tx_stage))).toEqual([]);
});

test("the fingerprint of a namespace is eight hexadecimal characters that only this namespace has", () => {
  expect(namespaceFingerprint("a")).toMatch(/^[0-9a-f]{8}$/);
  expect(namespaceFingerprint("a")).not.toBe(namespaceFingerprint("b"));
  expect(namespaceFingerprint("test-namespace")).toBe("b8b041ff");
});
