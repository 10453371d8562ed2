import { useEffect } from "preact/hooks";
import { type ListedPayment, PaymentDetail, PaymentList } from "../lib/contract/api.ts";
import { ATTENTION_CODES, STATES } from "../lib/domain/vocabulary.ts";
import { addressOf, queryOf } from "./address.ts";
import { FailureNotice } from "./failure.tsx";
import { useLoaded, useShared } from "./shared.ts";
import { counted, moment, money, plain } from "./text.ts";

type Choices = Readonly<Record<string, string>>;

const FILTERS = ["state", "attention", "property_id", "user_id", "from", "to"] as const;

/** Payments by filters, a page at a time. What is chosen stands in the address. */
export function Payments({ choices }: { choices: Choices }) {
  const { api, say } = useShared();
  const asked = Object.fromEntries([...FILTERS, "cursor"].map((name) => [name, choices[name] ?? ""]));
  const path = `/api/v1/payments${queryOf({ limit: choices["limit"] ?? "50", ...asked })}`;
  const { value, failure, isLoading, again } = useLoaded(path, () => api.read(path, PaymentList));
  const shown = value?.data.length;
  useEffect(() => {
    if (shown !== undefined) say(`${counted(shown, "payment")} shown`);
  }, [shown, say]);
  return (
    <>
      <h1 tabIndex={-1}>Payments</h1>
      <Filters choices={choices} />
      <FailureNotice failure={failure} again={again} />
      {value?.warning && <p class="notice bad">{value.warning.detail}</p>}
      <div aria-busy={isLoading}>
        {value ? <PaymentTable payments={value.data} /> : failure === undefined && <p class="quiet">Loading…</p>}
      </div>
      {value && (
        <nav class="pages" aria-label="Pages">
          {(choices["cursor"] ?? "") !== "" && (
            <a href={addressOf("payments", "", { ...choices, cursor: "" })}>First page</a>
          )}
          {value.has_more && (
            <a href={addressOf("payments", "", { ...choices, cursor: value.next_cursor ?? "" })}>Next page</a>
          )}
        </nav>
      )}
    </>
  );
}

function Filters({ choices }: { choices: Choices }) {
  const apply = (event: SubmitEvent & { currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const chosen = FILTERS.map((name) => [name, String(form.get(name) ?? "").trim()]);
    location.hash = addressOf("payments", "", Object.fromEntries(chosen));
  };
  const value = (name: string) => choices[name] ?? "";
  return (
    <form class="filters" onSubmit={apply}>
      <div class="fields" key={JSON.stringify(choices)}>
        <Choice name="state" label="State" value={value("state")} words={STATES} />
        <Choice name="attention" label="Attention" value={value("attention")} words={["open", ...ATTENTION_CODES]} />
        <Day name="from" label="From" value={value("from")} />
        <Day name="to" label="To" value={value("to")} />
        <Field name="property_id" label="Property" value={value("property_id")} />
        <Field name="user_id" label="User" value={value("user_id")} />
      </div>
      <p class="actions">
        <button type="submit">Show</button>
        <a href={addressOf("payments")}>Show all</a>
      </p>
    </form>
  );
}

type FieldOf = { name: string; label: string; value: string };

function Choice({ name, label, value, words }: FieldOf & { words: readonly string[] }) {
  return (
    <label>
      {label}
      <select name={name}>
        <option value="">any</option>
        {words.map((word) => (
          <option key={word} value={word} selected={word === value}>
            {plain(word)}
          </option>
        ))}
      </select>
    </label>
  );
}

function Day({ name, label, value }: FieldOf) {
  return (
    <label>
      {label}
      <input name={name} type="date" defaultValue={value} />
    </label>
  );
}

function Field({ name, label, value }: FieldOf) {
  return (
    <label>
      {label}
      <input name={name} type="text" defaultValue={value} autocomplete="off" />
    </label>
  );
}

export function PaymentTable({ payments }: { payments: readonly ListedPayment[] }) {
  if (payments.length === 0) return <p>No payment is like this.</p>;
  return (
    <table class="cards">
      <thead>
        <tr>
          <th scope="col">Begun</th>
          <th scope="col">State</th>
          <th scope="col" class="number">
            Amount
          </th>
          <th scope="col">Attention</th>
          <th scope="col">Listing</th>
          <th scope="col">Reference</th>
        </tr>
      </thead>
      <tbody>
        {payments.map(({ id, created_at, state, amount, currency, mode, attention, listing, chapa_tx_ref }) => (
          <tr key={id}>
            <td data-label="Begun">
              <a href={addressOf("payment", id)}>{moment(created_at)}</a>
            </td>
            <td data-label="State">
              <StateMark state={state} />
            </td>
            <td data-label="Amount" class="number">
              {money(amount, currency)}
              {mode === "test" && " (test)"}
            </td>
            <td data-label="Attention">{attention.length === 0 ? "–" : attention.map(plain).join(", ")}</td>
            <td data-label="Listing">{listing.outcome === "nothing" ? "–" : plain(listing.outcome)}</td>
            <td data-label="Reference">
              <code>{chapa_tx_ref}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function StateMark({ state }: { state: string }) {
  return <span class={`mark ${state.toLowerCase()}`}>{plain(state)}</span>;
}

/** Leads from any reference to its payment. */
export function Find({ reference }: { reference: string }) {
  const { api } = useShared();
  const path = `/api/v1/payments/by-reference/${encodeURIComponent(reference)}`;
  const { value, failure, again } = useLoaded(path, () => api.read(path, PaymentDetail));
  useEffect(() => {
    // The search itself must not stay in the way of "back".
    if (value) location.replace(addressOf("payment", value.id));
  }, [value]);
  return (
    <>
      <h1 tabIndex={-1}>Find {reference}</h1>
      <FailureNotice failure={failure} again={again} />
      {failure === undefined && <p class="quiet">Loading…</p>}
    </>
  );
}
