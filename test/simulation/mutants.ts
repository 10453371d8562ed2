import type { Evidence } from "../../lib/domain/evidence.ts";
import type { TxRef } from "../../lib/domain/ids.ts";
import { Santim } from "../../lib/domain/money.ts";
import type { Mutant } from "./life.ts";

const PRICE = Santim.parse(50_000);

/** Deliberate faults of the design. The simulation is worth something only if it finds each of them. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: "a save does not ask which version it has seen",
    table: (table) => {
      table.ignoredCondition = "#version = :seen";
    },
  },
  {
    name: "an error while verifying counts as not paid, and an unclear cancel as closed",
    chapa: (chapa) => ({
      verify: async (txRef, limitMs): Promise<Evidence> => {
        const evidence = await chapa.verify(txRef, limitMs);
        return evidence.says === "nothing" ? { says: "unpaid", because: "not_found" } : evidence;
      },
      cancel: async (txRef, limitMs) => {
        const cancelled = await chapa.cancel(txRef, limitMs);
        return cancelled === "unclear" ? "closed" : cancelled;
      },
    }),
  },
  {
    name: "a checkout is left without being cancelled",
    chapa: () => ({ cancel: async () => "closed" }),
  },
  {
    name: "the checkout is opened before its row is stored",
    payments: () => ({ create: async (payment) => ({ won: true, payment }) }),
  },
  {
    name: "amounts are not compared",
    chapa: (chapa) => ({
      verify: async (txRef, limitMs): Promise<Evidence> => {
        const evidence = await chapa.verify(txRef, limitMs);
        return evidence.says === "paid" ? { ...evidence, facts: { ...evidence.facts, amount: PRICE } } : evidence;
      },
    }),
  },
  { name: "nothing looks but webhooks", without: ["sweep"] },
  { name: "an unheard success is told by the stream only", without: ["stream", "republish"] },
  {
    name: "a checkout that was left is not looked at any more",
    payments: (payments) => ({
      save: (before, after) => {
        const attempts = Object.fromEntries(
          Object.entries(after.attempts).map(([number, attempt]) => [
            number,
            attempt.closedAt === undefined ? attempt : { ...attempt, lookAt: undefined },
          ]),
        );
        const isSettled = after.state === "FAILED" || after.state === "EXPIRED" || after.state === "CANCELLED";
        return payments.save(before, { ...after, attempts, ...(isSettled ? { dueAt: undefined } : {}) });
      },
    }),
  },
  {
    name: "a late payer is ignored",
    chapa: (chapa) => {
      const given = new Set<TxRef>();
      return {
        cancel: async (txRef, limitMs) => {
          given.add(txRef);
          return chapa.cancel(txRef, limitMs);
        },
        verify: async (txRef, limitMs): Promise<Evidence> =>
          given.has(txRef) ? { says: "unpaid", because: "pending" } : chapa.verify(txRef, limitMs),
      };
    },
  },
  {
    name: "a second capture is nobody's business",
    payments: (payments) => ({
      save: (before, after) =>
        payments.save(before, {
          ...after,
          captures: after.captures.filter(({ kind }) => kind !== "duplicate"),
          attention: after.attention.filter(({ code }) => code !== "duplicate"),
        }),
    }),
  },
];
