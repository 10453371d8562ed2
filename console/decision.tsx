import { useEffect, useRef, useState } from "preact/hooks";
import { PaymentDetail, PaymentResponse } from "../lib/contract/api.ts";
import { Refused } from "./api.ts";
import { CopyButton } from "./copy.tsx";
import { curlOf } from "./curl.ts";
import {
  type Decision,
  effectsOf,
  needsReason,
  type Rest,
  requestOf,
  restsOf,
  type Typed,
  titleOf,
} from "./decisions.ts";
import { FailureNotice } from "./failure.tsx";
import { useShared } from "./shared.ts";
import { money } from "./text.ts";

type DecisionProps = {
  payment: PaymentDetail;
  decision: Decision;
  /** Hears the payment after the decision; undefined if it must be read anew. */
  onDone: (payment: PaymentDetail | undefined) => void;
  onClose: () => void;
  /** Reads the payment again. What was typed stays. */
  onReread: () => void;
};

/** Asks for a decision: first for the reason and what belongs to it, then whether that shall happen. */
export function DecisionDialog({ payment, decision, onDone, onClose, onReread }: DecisionProps) {
  const { api, say } = useShared();
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState<Typed>(nothingTyped);
  const [isConfirming, setConfirming] = useState(!needsReason(decision));
  const [failure, setFailure] = useState<unknown>();
  const [isSending, setSending] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);
  const title = titleOf(decision, payment);
  const { path, body } = requestOf(payment, decision, typed);
  const type = (change: Partial<Typed>) => setTyped((before) => ({ ...before, ...change }));

  const send = async () => {
    setSending(true);
    setFailure(undefined);
    try {
      if (decision.kind === "cancel") {
        await api.change(path, undefined, PaymentResponse);
        onDone(undefined);
      } else onDone(await api.change(path, body, PaymentDetail));
      say(`Done: ${title}`);
    } catch (problem) {
      setFailure(problem);
      setSending(false);
    }
  };
  const reread = () => {
    setFailure(undefined);
    setConfirming(!needsReason(decision));
    onReread();
  };
  const hasChanged = failure instanceof Refused && failure.problem.status === 409;

  return (
    <dialog ref={dialog} aria-labelledby="decision" onClose={onClose}>
      <h2 id="decision">{title}</h2>
      <FailureNotice failure={failure} />
      {hasChanged ? (
        <>
          {needsReason(decision) && (
            <p>
              What you typed stays: <q>{typed.reason.trim()}</q>
            </p>
          )}
          <p class="actions">
            <button type="button" class="main" onClick={reread}>
              Read the payment again
            </button>
            <button type="button" onClick={() => dialog.current?.close()}>
              Leave it
            </button>
          </p>
        </>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (isConfirming) void send();
            else setConfirming(true);
          }}
        >
          {isConfirming ? (
            <>
              <p>This will happen:</p>
              <ul>
                {effectsOf(payment, decision, typed).map((sentence) => (
                  <li key={sentence}>{sentence}</li>
                ))}
              </ul>
              {needsReason(decision) && (
                <p>
                  Your reason, which the history keeps: <q>{typed.reason.trim()}</q>
                </p>
              )}
              <p class="quiet">You decide about version {payment.version} of the payment.</p>
            </>
          ) : (
            <Inputs payment={payment} decision={decision} typed={typed} type={type} />
          )}
          <p class="actions">
            <button type="submit" class="main" disabled={isSending}>
              {isConfirming ? `Yes: ${title.charAt(0).toLowerCase()}${title.slice(1)}` : "Continue"}
            </button>
            {isConfirming && needsReason(decision) && (
              <button type="button" onClick={() => setConfirming(false)}>
                Change
              </button>
            )}
            <button type="button" onClick={() => dialog.current?.close()}>
              Leave it
            </button>
            {isConfirming && (
              <CopyButton text={curlOf(location.origin, path, decision.kind === "cancel" ? {} : body)}>
                Copy as curl
              </CopyButton>
            )}
          </p>
        </form>
      )}
    </dialog>
  );
}

function nothingTyped(): Typed {
  return { id: `console:${crypto.randomUUID()}`, reason: "", capture: "", amount: "", outcome: "settled", kept: {} };
}

type InputsProps = {
  payment: PaymentDetail;
  decision: Decision;
  typed: Typed;
  type: (change: Partial<Typed>) => void;
};

function Inputs({ payment, decision, typed, type }: InputsProps) {
  const rests = restsOf(payment);
  return (
    <>
      {decision.kind === "refund" && <RefundInputs payment={payment} rests={rests} typed={typed} type={type} />}
      {decision.kind === "reject" &&
        rests.map((rest) => <RestInputs key={rest.name} rest={rest} payment={payment} typed={typed} type={type} />)}
      {decision.kind === "outcome" && (
        <label>
          What Chapa says
          <select
            value={typed.outcome}
            onChange={({ currentTarget }) =>
              type({ outcome: currentTarget.value === "refused" ? "refused" : "settled" })
            }
          >
            <option value="settled">the money arrived</option>
            <option value="refused">the refund was refused</option>
          </select>
        </label>
      )}
      <label>
        Reason, without personal data
        <textarea
          required
          maxLength={500}
          rows={3}
          value={typed.reason}
          onInput={({ currentTarget }) => {
            currentTarget.setCustomValidity(currentTarget.value.trim() === "" ? "Say why." : "");
            type({ reason: currentTarget.value });
          }}
        />
      </label>
    </>
  );
}

type RestsProps = Omit<InputsProps, "decision"> & { rests: readonly Rest[] };

function RefundInputs({ payment, rests, typed, type }: RestsProps) {
  const chosen = rests.find(({ name }) => name === typed.capture) ?? rests[0];
  return (
    <>
      {rests.length > 1 && (
        <label>
          Which money
          <select
            required
            value={typed.capture}
            onChange={({ currentTarget }) => type({ capture: currentTarget.value })}
          >
            <option value="">choose</option>
            {rests.map(({ name, left, canGoBack }) => (
              <option key={name} value={name} disabled={!canGoBack}>
                {name}: {money(left, payment.currency)}
              </option>
            ))}
          </select>
        </label>
      )}
      <label>
        Amount in {payment.currency}; empty sends {money(chosen?.left ?? 0, payment.currency)}, all that is left
        <input
          type="number"
          min="0.01"
          step="0.01"
          max={String(chosen?.left ?? 0)}
          value={typed.amount}
          onInput={({ currentTarget }) => type({ amount: currentTarget.value })}
        />
      </label>
    </>
  );
}

function RestInputs({ payment, rest, typed, type }: Omit<InputsProps, "decision"> & { rest: Rest }) {
  const { name, left, canGoBack } = rest;
  const kept = typed.kept[name];
  const keep = (reason: string | undefined) => {
    const { [name]: _, ...others } = typed.kept;
    type({ kept: reason === undefined ? others : { ...others, [name]: reason } });
  };
  if (!canGoBack) return <p>{money(left, payment.currency)} has no name at Chapa, so it is kept for your reason.</p>;
  return (
    <fieldset>
      <legend>
        {money(left, payment.currency)} ({name})
      </legend>
      <label class="inline">
        <input type="radio" name={name} checked={kept === undefined} onChange={() => keep(undefined)} /> send it back
      </label>
      <label class="inline">
        <input type="radio" name={name} checked={kept !== undefined} onChange={() => keep("")} /> keep it
      </label>
      {kept !== undefined && (
        <label>
          Why it is kept
          <input
            type="text"
            required
            pattern=".*\S.*"
            maxLength={200}
            value={kept}
            onInput={({ currentTarget }) => keep(currentTarget.value)}
          />
        </label>
      )}
    </fieldset>
  );
}
