import { useState } from "preact/hooks";
import { PaymentDetail } from "../lib/contract/api.ts";
import { DeliveriesResponse } from "../lib/contract/reports.ts";
import { addressOf } from "./address.ts";
import { CopyButton } from "./copy.tsx";
import { curlOf } from "./curl.ts";
import { DecisionDialog } from "./decision.tsx";
import { type Decision, decisionsFor, titleOf } from "./decisions.ts";
import { FailureNotice } from "./failure.tsx";
import { StateMark } from "./payments.tsx";
import { useLoaded, useShared } from "./shared.ts";
import { exactMoment, moment, money, plain } from "./text.ts";
import { timelineOf } from "./timeline.ts";
import { listingText, withLocalMoments } from "./words.ts";

/** One payment: how it stands, what needs a person, what can be done, and everything that happened. */
export function Payment({ id }: { id: string }) {
  const { api } = useShared();
  const path = `/api/v1/payments/${encodeURIComponent(id)}`;
  const { value, failure, again, put } = useLoaded(path, () => api.read(path, PaymentDetail));
  const [decision, setDecision] = useState<Decision>();
  const done = (payment: PaymentDetail | undefined) => {
    setDecision(undefined);
    if (payment) put(payment);
    else again();
  };
  return (
    <>
      <h1 tabIndex={-1}>Payment</h1>
      <FailureNotice failure={failure} again={again} />
      {value ? (
        <>
          <Summary payment={value} />
          <WaitsForPerson payment={value} />
          <Actions payment={value} choose={setDecision} onDone={done} again={again} />
          {decision && (
            <DecisionDialog
              payment={value}
              decision={decision}
              onDone={done}
              onClose={() => setDecision(undefined)}
              onReread={again}
            />
          )}
          <Timeline payment={value} />
        </>
      ) : (
        failure === undefined && <p class="quiet">Loading…</p>
      )}
    </>
  );
}

function Summary({ payment }: { payment: PaymentDetail }) {
  const { id, state, amount, currency, mode, explanation } = payment;
  return (
    <section aria-label="How it stands">
      <p class="sum">
        {money(amount, currency)} <StateMark state={state} /> {mode === "test" && <span class="mark">test money</span>}
      </p>
      <p>{withLocalMoments(explanation)}</p>
      <dl>
        <Fact name="Reference" code={payment.chapa_tx_ref} />
        <Fact name="Payment" code={id} />
        <Fact name="Property" code={payment.property_id} />
        <Fact name="User" code={payment.user_id} />
        <Fact name="Purpose" text={payment.purpose} />
        <Fact name="Begun" text={moment(payment.created_at)} />
        <Fact name="Paid" text={payment.approved_at && moment(payment.approved_at)} />
        <Fact name="Arrived" text={arrived(payment)} />
        <Fact name="Expires" text={payment.expires_at && moment(payment.expires_at)} />
        <Fact name="Why it failed" text={payment.failure_reason} />
        <Fact name="Listing" text={listingText(payment.listing.outcome)} />
        <Fact name="Version" text={String(payment.version)} />
      </dl>
      <p class="actions">
        {payment.previous_payment_id && (
          <a href={addressOf("payment", payment.previous_payment_id)}>Earlier payment of this fee</a>
        )}
        {payment.next_payment_id && <a href={addressOf("payment", payment.next_payment_id)}>The fee goes on here</a>}
        <CopyButton text={curlOf(location.origin, `/api/v1/payments/${id}`)}>Copy as curl</CopyButton>
      </p>
    </section>
  );
}

/** What of the payment waits for a person. */
function WaitsForPerson({ payment }: { payment: PaymentDetail }) {
  const open = payment.attention.filter(({ answered }) => answered === null);
  if (open.length === 0) return null;
  return (
    <section class="notice">
      <h2>Needs a person</h2>
      <ul>
        {open.map(({ id, code, subject, at, amount }) => (
          <li key={id}>
            <b>{plain(code)}</b> ({subject}) since {moment(at)}
            {amount !== null && `, ${money(amount, payment.currency)}`}
          </li>
        ))}
      </ul>
    </section>
  );
}

type ActionsProps = {
  payment: PaymentDetail;
  choose: (decision: Decision) => void;
  onDone: (payment: PaymentDetail) => void;
  again: () => void;
};

function Actions({ payment, choose, onDone, again }: ActionsProps) {
  const { api, say } = useShared();
  const [failure, setFailure] = useState<unknown>();
  const verify = () => {
    setFailure(undefined);
    void api.change(`/api/v1/payments/${payment.id}/verify`, undefined, PaymentDetail).then((after) => {
      onDone(after);
      say(`Chapa was asked: ${plain(after.state)}`);
    }, setFailure);
  };
  return (
    <section>
      <h2>What you can do</h2>
      <FailureNotice failure={failure} />
      <p class="actions">
        {decisionsFor(payment).map((decision) => (
          <button key={JSON.stringify(decision)} type="button" onClick={() => choose(decision)}>
            {titleOf(decision, payment)}
          </button>
        ))}
        <button type="button" onClick={verify}>
          Ask Chapa now
        </button>
        <button type="button" onClick={again}>
          Read again
        </button>
      </p>
    </section>
  );
}

/** What came, which may differ from what was asked. */
function arrived({ captures, currency }: PaymentDetail): string | null {
  const sums = captures.map(({ amount, currency: paid }) => (amount === null ? "?" : money(amount, paid ?? currency)));
  return sums.length === 0 ? null : sums.join(" and ");
}

function Fact({ name, text, code }: { name: string; text?: string | null; code?: string | null }) {
  if (!text && !code) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{code ? <code>{code}</code> : text}</dd>
    </div>
  );
}

function Timeline({ payment }: { payment: PaymentDetail }) {
  const { api } = useShared();
  const path = `/api/v1/payments/${payment.id}/deliveries`;
  const { value, failure, again } = useLoaded(`${path} ${payment.version}`, () => api.read(path, DeliveriesResponse));
  return (
    <section>
      <h2>What happened</h2>
      <FailureNotice failure={failure} again={again} />
      <ol class="timeline">
        {timelineOf(payment, value).map(({ at, what, by, detail }) => (
          <li key={`${at} ${what} ${detail}`}>
            <time dateTime={at}>{exactMoment(at)}</time> <b>{what}</b>
            {by !== "" && <span class="quiet"> by {by}</span>}
            {detail !== "" && <span class="detail">{detail}</span>}
          </li>
        ))}
      </ol>
    </section>
  );
}
