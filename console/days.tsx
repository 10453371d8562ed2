import { type Sums, TotalsResponse } from "../lib/contract/reports.ts";
import { addressOf, queryOf } from "./address.ts";
import { barsOf, CHART } from "./bars.ts";
import { FailureNotice } from "./failure.tsx";
import { useLoaded, useShared } from "./shared.ts";
import { count, counted, money } from "./text.ts";

type Period = { from: string; to: string };
type Day = Sums & { day: string };

function useDays({ from, to }: Period) {
  const { api } = useShared();
  const path = `/api/v1/totals${queryOf({ from, to })}`;
  return useLoaded(path, () => api.read(path, TotalsResponse));
}

/** Payments and revenue by day, as a chart and as a table. The period stands in the address. */
export function Days({ choices }: { choices: Readonly<Record<string, string>> }) {
  const period = { from: choices["from"] ?? "", to: choices["to"] ?? "" };
  const { value, failure, again } = useDays(period);
  const apply = (event: SubmitEvent & { currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    location.hash = addressOf("days", "", { from: String(form.get("from") ?? ""), to: String(form.get("to") ?? "") });
  };
  return (
    <>
      <h1 tabIndex={-1}>Days</h1>
      <form class="filters" onSubmit={apply}>
        <div class="fields" key={JSON.stringify(period)}>
          <label>
            From
            <input type="date" name="from" defaultValue={period.from} />
          </label>
          <label>
            To
            <input type="date" name="to" defaultValue={period.to} />
          </label>
        </div>
        <button type="submit">Show</button>
      </form>
      <FailureNotice failure={failure} again={again} />
      {value ? (
        <>
          <section>
            <Charts days={value.days} />
          </section>
          {value.unreadable.length > 0 && (
            <p class="notice bad">Not readable now, and in no sum: {value.unreadable.join(", ")}</p>
          )}
          <DaysTable totals={value} />
        </>
      ) : (
        failure === undefined && <p class="quiet">Loading…</p>
      )}
    </>
  );
}

/** The charts of a period alone. */
export function DaysChart(period: Period) {
  const { value, failure, again } = useDays(period);
  return (
    <>
      <FailureNotice failure={failure} again={again} />
      {value && <Charts days={value.days} />}
    </>
  );
}

function Charts({ days }: { days: readonly Day[] }) {
  const sum = (of: (day: Day) => number) => days.reduce((total, day) => total + of(day), 0);
  return (
    <div class="columns">
      <Chart
        title="Payments paid"
        total={count(sum((day) => day.success_payments))}
        days={days}
        of={({ success_payments: paid }) => ({ value: paid, label: counted(paid, "payment") })}
      />
      <Chart
        title="Revenue"
        total={money(sum((day) => day.total_revenue))}
        days={days}
        of={({ total_revenue: revenue }) => ({ value: revenue, label: money(revenue) })}
      />
    </div>
  );
}

type ChartProps = {
  title: string;
  total: string;
  days: readonly Day[];
  of: (day: Day) => { value: number; label: string };
};

function Chart({ title, total, days, of }: ChartProps) {
  const highest = days.map(of).toSorted((one, other) => other.value - one.value)[0];
  const bars = barsOf(
    days.map((day) => {
      const { value, label } = of(day);
      return { value, label: `${day.day}: ${label}` };
    }),
  );
  const first = days[0]?.day ?? "";
  const last = days.at(-1)?.day ?? "";
  return (
    <figure>
      <figcaption>
        {title}: <b>{total}</b>
        {highest && highest.value > 0 && <span class="quiet"> · highest day {highest.label}</span>}
      </figcaption>
      <svg
        viewBox={`0 0 ${CHART.width} ${CHART.height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title} by day from ${first} to ${last}: ${total}`}
      >
        {bars.map(({ label, ...bar }) => (
          <rect key={label} {...bar}>
            <title>{label}</title>
          </rect>
        ))}
      </svg>
      <p class="ends quiet">
        <span>{first}</span>
        <span>{last}</span>
      </p>
    </figure>
  );
}

function DaysTable({ totals: { days, sum } }: { totals: TotalsResponse }) {
  const cells = ({ total_payments, success_payments, failed_payments, pending_payments, total_revenue }: Sums) => [
    { label: "Begun", text: count(total_payments) },
    { label: "Paid", text: count(success_payments) },
    { label: "Failed", text: count(failed_payments) },
    { label: "Open", text: count(pending_payments) },
    { label: "Revenue", text: money(total_revenue) },
  ];
  const row = (name: string, sums: Sums) => (
    <tr key={name}>
      <th scope="row">{name}</th>
      {cells(sums).map(({ label, text }) => (
        <td key={label} class="number">
          {text}
        </td>
      ))}
    </tr>
  );
  return (
    // A wide table moves by the keyboard, too.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the part of the page that moves must take the focus
    <section class="wide" tabIndex={0} aria-label="Days as a table">
      <table>
        <thead>
          <tr>
            <th scope="col">Day</th>
            {cells(sum).map(({ label }) => (
              <th key={label} scope="col" class="number">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {row("Sum", sum)}
          {days.toReversed().map((day) => row(day.day, day))}
        </tbody>
      </table>
    </section>
  );
}
