import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { PaymentList } from "../lib/contract/api.ts";
import { OverviewResponse, type Sums } from "../lib/contract/reports.ts";
import { addressOf } from "./address.ts";
import { DaysChart } from "./days.tsx";
import { FailureNotice } from "./failure.tsx";
import { PaymentTable } from "./payments.tsx";
import { useLoaded, useShared } from "./shared.ts";
import { ago, count, counted, moment, money, plain } from "./text.ts";

/** What a person who answers for the service asks first: what needs them, what waits, what works, and how much came. */
export function Overview() {
  const { api } = useShared();
  const { value, failure, again } = useLoaded("overview", () => api.read("/api/v1/overview", OverviewResponse));
  return (
    <>
      <h1 tabIndex={-1}>Overview</h1>
      <FailureNotice failure={failure} again={again} />
      {value ? <Shown overview={value} /> : failure === undefined && <p class="quiet">Loading…</p>}
    </>
  );
}

function Shown({ overview }: { overview: OverviewResponse }) {
  // The chart comes when what needs a person is there.
  const [isListed, setListed] = useState(false);
  return (
    <>
      <Attention overview={overview} onListed={() => setListed(true)} />
      <div class="columns">
        <Money overview={overview} />
        <Waiting overview={overview} />
        <Health overview={overview} />
      </div>
      {(isListed || overview.attention.count === 0) && (
        <section>
          <h2>The last 31 days</h2>
          <DaysChart from="" to="" />
          <p>
            <a href={addressOf("days")}>Day by day</a>
          </p>
        </section>
      )}
      <p class="quiet">As of {moment(overview.at)}, Addis Ababa.</p>
    </>
  );
}

function Attention({ overview, onListed }: { overview: OverviewResponse; onListed: () => void }) {
  const { count: open, since, codes } = overview.attention;
  if (open === 0) {
    return (
      <section>
        <h2>Needs a person</h2>
        <p>Nothing.</p>
      </section>
    );
  }
  return (
    <section>
      <h2>Needs a person</h2>
      <p>
        {counted(open, "payment")}
        {since !== null && `, the oldest since ${moment(since)} (${ago(since, Date.parse(overview.at))})`}:{" "}
        {Object.entries(codes).map(([code, number], index) => (
          <span key={code}>
            {index > 0 && ", "}
            <a href={addressOf("payments", "", { attention: code })}>
              {plain(code)} {number}
            </a>
          </span>
        ))}
      </p>
      <OpenPayments onListed={onListed} />
    </section>
  );
}

function OpenPayments({ onListed }: { onListed: () => void }) {
  const { api } = useShared();
  const path = "/api/v1/payments?attention=open&limit=10";
  const read = () => api.read(path, PaymentList).finally(onListed);
  const { value, failure, again } = useLoaded(path, read);
  return (
    <>
      <FailureNotice failure={failure} again={again} />
      {value && <PaymentTable payments={value.data} />}
      {value?.has_more && <a href={addressOf("payments", "", { attention: "open" })}>All that need a person</a>}
    </>
  );
}

function Money({ overview: { today, month } }: { overview: OverviewResponse }) {
  return (
    <section>
      <h2>Money</h2>
      <dl class="rows">
        <Row
          name="Today"
          value={today ? money(today.total_revenue) : "not readable now"}
          note={today ? paidOf(today) : undefined}
        />
        <Row name="This month" value={money(month.total_revenue)} note={paidOf(month)} />
      </dl>
    </section>
  );
}

function paidOf({ success_payments: paid, total_payments: all }: Sums): string {
  return `${count(paid)} of ${counted(all, "payment")} paid`;
}

const WAITING = [
  { name: "Await money", key: "undecided", choices: { state: "PENDING" } },
  { name: "Await a decision", key: "review", choices: { state: "REVIEW" } },
  { name: "Listing has not acknowledged", key: "unacknowledged", choices: undefined },
  { name: "Overdue", key: "overdue", choices: undefined },
] as const;

function Waiting({ overview }: { overview: OverviewResponse }) {
  const { waiting, at, is_whole, unreadable } = overview;
  return (
    <section>
      <h2>Waits</h2>
      <dl class="rows">
        {WAITING.map(({ name, key, choices }) => {
          const { count: number, since } = waiting[key];
          const text = `${count(number)}${is_whole ? "" : " or more"}${since === null ? "" : `, oldest ${ago(since, Date.parse(at))}`}`;
          return (
            <Row
              key={key}
              name={name}
              value={choices && number > 0 ? <a href={addressOf("payments", "", choices)}>{text}</a> : text}
            />
          );
        })}
        {unreadable > 0 && <Row name="Cannot be read" value={count(unreadable)} />}
      </dl>
    </section>
  );
}

function Health({ overview: { chapa, listing, notification } }: { overview: OverviewResponse }) {
  return (
    <section>
      <h2>Services</h2>
      <dl class="rows">
        <Row name="Chapa" value={<Mark health={chapa.health} />} note={chapa.detail ?? undefined} />
        <Row name="Listing" value={<Mark health={listing.health} />} />
        <Row
          name="Messages"
          value={<Mark health={notification.health} />}
          note={notification.until === null ? undefined : `paused until ${moment(notification.until)}`}
        />
      </dl>
    </section>
  );
}

function Mark({ health }: { health: string }) {
  return <span class={`mark ${health}`}>{health}</span>;
}

function Row({ name, value, note }: { name: string; value: ComponentChildren; note?: string | undefined }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value}
        {note !== undefined && <span class="quiet detail">{note}</span>}
      </dd>
    </div>
  );
}
