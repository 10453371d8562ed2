import { useEffect, useRef, useState } from "preact/hooks";
import type { Api } from "./api.ts";
import { FailureNotice } from "./failure.tsx";

/** Asks for a name and a password. `onDone` hears when the service accepted them. */
export function LoginForm({ api, heading }: { api: Api; heading: string }) {
  const [failure, setFailure] = useState<unknown>();
  const [isSending, setSending] = useState(false);
  const name = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  useEffect(() => name.current?.focus(), []);
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    setSending(true);
    setFailure(undefined);
    void api
      .logIn(name.current?.value ?? "", password.current?.value ?? "")
      .catch(setFailure)
      .finally(() => setSending(false));
  };
  return (
    <form class="login" onSubmit={send}>
      <h1>{heading}</h1>
      <label>
        E-mail
        <input ref={name} type="text" inputMode="email" autocomplete="username" required maxLength={254} />
      </label>
      <label>
        Password
        <input ref={password} type="password" autocomplete="current-password" required maxLength={1024} />
      </label>
      <FailureNotice failure={failure} />
      <button type="submit" class="main" disabled={isSending}>
        Log in
      </button>
      <p class="quiet">For administrators. You are logged out when you close or reload the page.</p>
    </form>
  );
}

/** Stands over the page when the token is no longer valid, so that nothing that was typed is lost. */
export function LoginDialog({ api }: { api: Api }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-label="Log in again" onCancel={(event) => event.preventDefault()}>
      <LoginForm api={api} heading="Log in again" />
    </dialog>
  );
}
