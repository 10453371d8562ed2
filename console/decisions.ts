import type { PaymentDetail } from "../lib/contract/api.ts";
import { money, plain } from "./text.ts";

/** What a person can do about a payment. The service decides whether it is possible. */
export type Decision =
  | { kind: "cancel" }
  | { kind: "release" }
  | { kind: "accept" }
  | { kind: "reject" }
  | { kind: "refund" }
  | { kind: "outcome"; refund: string }
  | { kind: "answer"; entry: string };

/** What a person typed for a decision. `id` names the refunds that follow from it, so that none is sent twice. */
export type Typed = {
  id: string;
  reason: string;
  /** The money that goes back; empty means the only one. */
  capture: string;
  /** In birr; empty means all that is left. */
  amount: string;
  outcome: "settled" | "refused";
  /** Why money of a rejected payment is kept, by its name. Money without an entry is sent back. */
  kept: Readonly<Record<string, string>>;
};

/** A request that makes a decision. */
type DecisionRequest = { path: string; body: Record<string, unknown> };

type Decided = Pick<
  PaymentDetail,
  "id" | "state" | "version" | "currency" | "attention" | "captures" | "refunds" | "refundable"
>;

/** Money of which something is left. `name` is what a decision calls it; only money that Chapa has named can go back. */
export type Rest = { name: string; left: number; canGoBack: boolean };

/** Returns what can be done about a payment, the most pressing first. */
export function decisionsFor(payment: Decided): Decision[] {
  const { state, attention, refunds, refundable } = payment;
  const open = attention.filter(({ answered }) => answered === null);
  const isReview = state === "REVIEW";
  return [
    ...(isReview ? [{ kind: "accept" } as const, { kind: "reject" } as const] : []),
    ...(open.some(({ code }) => code === "stuck") ? [{ kind: "release" } as const] : []),
    ...open.filter(({ code }) => code !== "stuck").map(({ id }) => ({ kind: "answer", entry: id }) as const),
    ...refunds.filter(({ state }) => state === "SENT").map(({ id }) => ({ kind: "outcome", refund: id }) as const),
    ...(refundable > 0 && !isReview ? [{ kind: "refund" } as const] : []),
    ...(state === "CREATED" || state === "PENDING" ? [{ kind: "cancel" } as const] : []),
  ];
}

/** Returns the money of a payment of which something is left, in birr. */
export function restsOf({ captures, refunds }: Pick<Decided, "captures" | "refunds">): Rest[] {
  return captures.flatMap(({ attempt, amount, reference, back }) => {
    const name = reference ?? `attempt-${attempt}`;
    const onItsWay = refunds.filter(
      ({ capture, state }) => capture === name && ["REQUESTED", "SENT", "SETTLED"].includes(state),
    );
    const gone = [...back, ...onItsWay].reduce((sum, one) => sum + Math.round(one.amount * 100), 0);
    const left = (Math.round((amount ?? 0) * 100) - gone) / 100;
    return left > 0 ? [{ name, left, canGoBack: reference !== null }] : [];
  });
}

/** Returns the words on the button that begins a decision. */
export function titleOf(decision: Decision, { attention }: Pick<Decided, "attention">): string {
  switch (decision.kind) {
    case "accept":
      return "Accept the money";
    case "reject":
      return "Reject the money";
    case "release":
      return "Let it go on";
    case "refund":
      return "Send money back";
    case "cancel":
      return "Cancel the payment";
    case "outcome":
      return `Say what became of refund ${decision.refund}`;
    case "answer": {
      const code = attention.find(({ id }) => id === decision.entry)?.code ?? "";
      return `Answer “${plain(code)}”`;
    }
  }
}

/** Whether the service asks for a reason, which it keeps in the payment's history. */
export function needsReason({ kind }: Decision): boolean {
  return kind !== "cancel";
}

/** Returns what will happen when the decision is sent, in sentences for the person who confirms it. */
export function effectsOf(payment: Decided, decision: Decision, typed: Typed): string[] {
  const { currency } = payment;
  switch (decision.kind) {
    case "accept": {
      const sum = restsOf(payment).reduce((total, { left }) => total + left, 0);
      return [
        `${money(sum, currency)} pays this fee, if Chapa confirms the money now.`,
        "The payment becomes a success, and the listing and the payer hear of it.",
      ];
    }
    case "reject":
      return [
        ...restsOf(payment).map((rest) => {
          const kept = keptReason(rest, typed);
          return kept === undefined
            ? `${money(rest.left, currency)} (${rest.name}) goes back to the payer.`
            : `${money(rest.left, currency)} (${rest.name}) is kept: ${kept}`;
        }),
        "The payment fails. Its open checkouts are closed first; if Chapa does not close one, nothing happens.",
      ];
    case "release":
      return [
        "Checkouts that Chapa does not close end as lapsed, and the owner can pay again.",
        "Money that comes later is still found.",
      ];
    case "refund": {
      const rest = restsOf(payment).find(({ name }) => typed.capture === "" || name === typed.capture);
      const amount = typed.amount === "" ? (rest?.left ?? 0) : Number(typed.amount);
      return [
        `${money(amount, currency)} of ${money(rest?.left ?? 0, currency)} (${rest?.name ?? "?"}) goes back to the payer through Chapa.`,
        "This cannot be undone.",
      ];
    }
    case "outcome":
      return [
        typed.outcome === "settled"
          ? `The refund ${decision.refund} counts as arrived.`
          : `The refund ${decision.refund} counts as refused, and its money as still here.`,
        "Nothing is sent to Chapa.",
      ];
    case "cancel":
      return [
        "Chapa is asked whether somebody paid. If nobody did, the checkout is closed and the payment is cancelled.",
        "The payer gets a message.",
      ];
    case "answer":
      return ["This no longer waits for a person. No money moves."];
  }
}

/** Returns the request that makes the decision, for the version of the payment that the person sees. */
export function requestOf(payment: Decided, decision: Decision, typed: Typed): DecisionRequest {
  const path = `/api/v1/payments/${payment.id}`;
  const said = { reason: typed.reason.trim(), version: payment.version };
  switch (decision.kind) {
    case "accept":
      return { path: `${path}/review`, body: { decision: "accept", ...said } };
    case "reject":
      return { path: `${path}/review`, body: { decision: "reject", ...said, captures: whatBecomesOf(payment, typed) } };
    case "release":
      return { path: `${path}/release`, body: said };
    case "refund":
      return {
        path: `${path}/refunds`,
        body: {
          refund_id: typed.id,
          ...(typed.capture === "" ? {} : { capture: typed.capture }),
          ...(typed.amount === "" ? {} : { amount: typed.amount }),
          ...said,
        },
      };
    case "outcome":
      return {
        path: `${path}/refunds/${encodeURIComponent(decision.refund)}`,
        body: { outcome: typed.outcome, ...said },
      };
    case "cancel":
      return { path: `${path}/cancel`, body: {} };
    case "answer":
      return { path: `${path}/attention/${encodeURIComponent(decision.entry)}`, body: said };
  }
}

function whatBecomesOf(payment: Decided, typed: Typed): object[] {
  return restsOf(payment).map((rest, index) => {
    const kept = keptReason(rest, typed);
    return kept === undefined
      ? { capture: rest.name, refund_id: `${typed.id}:${index}` }
      : { capture: rest.name, keep: kept };
  });
}

const KEPT_LIMIT = 200;

/** Why money is kept; undefined if it goes back. */
function keptReason({ name, canGoBack }: Rest, { kept, reason }: Typed): string | undefined {
  return kept[name] ?? (canGoBack ? undefined : reason.trim().slice(0, KEPT_LIMIT));
}
