import { expect, test } from "vitest";
import { PaymentUnreadable } from "../../lib/domain/errors.ts";
import type { Ref } from "../../lib/domain/ids.ts";
import type { Payment } from "../../lib/domain/payment.ts";
import { HOUR_MS, MINUTE_MS } from "../../lib/domain/time.ts";
import { findOpenLink } from "../../lib/flows/find-open-link.ts";
import { anOpened, aRef, aSettled, CHECKOUT_URL, POLICY, T0 } from "../support/payments.ts";

function portsWith(find: (ref: Ref) => Payment | undefined, now = T0 + MINUTE_MS) {
  const read: Ref[] = [];
  const payments = {
    find: async (ref: Ref) => {
      read.push(ref);
      return find(ref);
    },
  };
  return { read, ports: { payments, clock: { now: () => now }, policy: POLICY } };
}

test("the link of a fee's first payment is found without reading another one", async () => {
  const { read, ports } = portsWith(() => undefined);
  expect(await findOpenLink(ports, anOpened())).toBe(CHECKOUT_URL);
  expect(read).toEqual([]);
});

test("the link of a later payment is given out only if the earlier ones can be read", async () => {
  const before = { ...aSettled(), next: aRef() };
  const payment = { ...anOpened(), previous: before.ref };
  const found = portsWith(() => before);
  expect(await findOpenLink(found.ports, payment)).toBe(CHECKOUT_URL);
  expect(found.read).toEqual([before.ref]);
  const missing = portsWith(() => undefined);
  expect(await findOpenLink(missing.ports, payment)).toBeUndefined();
  const damaged = portsWith(() => {
    throw new PaymentUnreadable();
  });
  expect(await findOpenLink(damaged.ports, payment)).toBeUndefined();
});

test("nothing is read for a checkout that cannot be paid any more", async () => {
  const { read, ports } = portsWith(() => undefined, T0 + 2 * HOUR_MS);
  expect(await findOpenLink(ports, { ...anOpened(), previous: aRef() })).toBeUndefined();
  expect(read).toEqual([]);
});
