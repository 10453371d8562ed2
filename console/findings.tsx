import { ComparisonResponse } from "../lib/contract/reports.ts";
import { addressOf } from "./address.ts";
import { FailureNotice } from "./failure.tsx";
import { useLoaded, useShared } from "./shared.ts";
import { counted, moment, plain } from "./text.ts";

/** What the last comparison of Chapa's list with our payments found. */
export function Findings() {
  const { api } = useShared();
  const { value, failure, again } = useLoaded("findings", () => api.read("/api/v1/reconcile", ComparisonResponse));
  return (
    <>
      <h1 tabIndex={-1}>Comparison with Chapa</h1>
      <FailureNotice failure={failure} again={again} />
      {value ? <Shown comparison={value} /> : failure === undefined && <p class="quiet">Loading…</p>}
    </>
  );
}

function Shown({ comparison }: { comparison: ComparisonResponse }) {
  const { state, day, ended_at, found, findings } = comparison;
  if (state === "none") return <p>No comparison has come to its end yet. One runs each day.</p>;
  return (
    <>
      <p>
        {counted(found, "finding")} of the comparison of {day}
        {ended_at !== null && `, which ended at ${moment(ended_at)}`}.
        {state === "incomplete" && " Chapa's list was not read to its end, so there may be more."}
        {findings.length < found && ` The first ${findings.length} are shown.`}
      </p>
      {findings.length > 0 && (
        <table class="cards">
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">Payment</th>
              <th scope="col">Chapa's reference</th>
              <th scope="col" class="number">
                Amount
              </th>
            </tr>
          </thead>
          <tbody>
            {findings.map(({ reason, payment_id, chapa_tx_ref, reference, amount }) => (
              <tr key={`${reason} ${chapa_tx_ref} ${reference}`}>
                <td data-label="What">{plain(reason)}</td>
                <td data-label="Payment">
                  {payment_id === null ? (
                    <code>{chapa_tx_ref ?? "–"}</code>
                  ) : (
                    <a href={addressOf("payment", payment_id)}>{chapa_tx_ref ?? payment_id}</a>
                  )}
                </td>
                <td data-label="Chapa's reference">
                  <code>{reference ?? "–"}</code>
                </td>
                <td data-label="Amount" class="number">
                  {amount === null ? "–" : amount.toFixed(2)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}
