/** A design that is wrong on purpose: pieces of the source and what stands there instead, by file. */
export type DeliberateFault = {
  name: string;
  says: string;
  edits: Record<string, readonly (readonly [string, string])[]>;
};

/** The chaos is worth something only if it finds each of these. */
export const DELIBERATE_FAULTS: readonly DeliberateFault[] = [
  {
    name: "own-url",
    says: "whoever was overtaken while opening a checkout gives out the URL of its own",
    edits: {
      "lib/flows/steps/open-checkout.ts": [
        [
          "const isStored = saved.payment?.attempts[attempt] !== undefined;",
          "if (saved.payment) return { ...saved.payment, checkoutUrl, attempt };\n  const isStored = false;",
        ],
      ],
    },
  },
  {
    name: "row-later",
    says: "the checkout is opened first, and its row stored after it",
    edits: {
      "lib/table/payments.ts": [
        [
          "const wanted = toItem(payment);\n    const written",
          "const known = await this.find(payment.ref);\n    if (known || payment.captures.length === 0) return known ? { won: false, payment: known } : { won: true, payment };\n    const wanted = toItem(payment);\n    const written",
        ],
        [
          "const { changed, ...update } = difference(toItem(before), wanted, DUE_KEYS);",
          'const { changed, ...update } = difference({ pk: wanted["pk"] }, wanted);',
        ],
        [
          'ConditionExpression: "#version = :seen",',
          'ConditionExpression: "attribute_not_exists(pk) OR #version = :seen",',
        ],
      ],
    },
  },
  {
    name: "any-version",
    says: "a change is stored whatever has happened since the row was read",
    edits: {
      "lib/table/payments.ts": [
        [
          'ConditionExpression: "#version = :seen",',
          'ConditionExpression: "#version = :seen OR attribute_exists(pk)",',
        ],
      ],
    },
  },
  {
    name: "silence-is-unpaid",
    says: "what Chapa does not answer counts as not paid, and as cancelled",
    edits: {
      "lib/flows/steps/close-checkout.ts": [
        [
          'if (cancel === "unclear") return { kind: "unclear" };',
          'if (cancel === "unclear") return { kind: "closed", evidence: { attempt, found: "failed", cancel: "closed" } };',
        ],
        [
          'if (before.kind !== "unpaid") return concluded(before);',
          'if (before.kind !== "unpaid" && before.kind !== "unavailable") return concluded(before);',
        ],
        [
          'if (after.kind !== "unpaid") return concluded(after);',
          'if (after.kind !== "unpaid" && after.kind !== "unavailable") return concluded(after);',
        ],
      ],
    },
  },
];
