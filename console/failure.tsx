import { useEffect } from "preact/hooks";
import { LoggedOut, NotUnderstood, Refused, Unreachable } from "./api.ts";
import { moment } from "./text.ts";
import { transitionText } from "./words.ts";

/** What to say about a request that failed, and what a person can do about it. */
function failureText(failure: unknown): string {
  if (failure instanceof LoggedOut) return "You were logged out before this was sent. Log in, and press again.";
  if (failure instanceof Unreachable) {
    return "The service does not answer: the network may be gone. Trying again is safe, nothing happens twice.";
  }
  if (failure instanceof NotUnderstood) return `There is ${failure.message}. Load the page again.`;
  if (!(failure instanceof Refused)) return "Something in this page failed. Load the page again.";
  const { problem, retryAfter } = failure;
  if (problem.status === 403) return `${problem.detail} The console is for administrators.`;
  const wait = retryAfter === undefined ? "" : ` Try again in ${retryAfter} s.`;
  return `${problem.detail}${wait}`;
}

// A person who reads waits for the network; nobody needs to press for it.
const AGAIN_MS = 5000;

/** Says what failed. With `again`, which reads anew, it does so by itself while the service does not answer. */
export function FailureNotice({ failure, again }: { failure: unknown; again?: (() => void) | undefined }) {
  useEffect(() => {
    if (!again || !(failure instanceof Unreachable)) return undefined;
    const timer = setTimeout(again, AGAIN_MS);
    addEventListener("online", again);
    return () => {
      clearTimeout(timer);
      removeEventListener("online", again);
    };
  }, [failure, again]);
  if (failure === undefined) return null;
  const changes = failure instanceof Refused ? (failure.problem.changes ?? []) : [];
  const request = failure instanceof Refused ? failure.problem.request_id : undefined;
  return (
    <div class="notice bad" role="alert">
      <p>{failureText(failure)}</p>
      {changes.length > 0 && (
        <>
          <p>Since you read it:</p>
          <ul>
            {changes.map(({ transition, at, by }) => (
              <li key={`${transition} ${at}`}>
                {transitionText(transition)} by {by}, {moment(at)}
              </li>
            ))}
          </ul>
        </>
      )}
      {request !== undefined && <p class="quiet">Request {request}</p>}
      {again && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}
