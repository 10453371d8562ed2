import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { addressOf, type Place, placeOf, type View } from "./address.ts";
import { Api } from "./api.ts";
import { Days } from "./days.tsx";
import { Findings } from "./findings.tsx";
import { LoginDialog, LoginForm } from "./login.tsx";
import { Overview } from "./overview.tsx";
import { Payment } from "./payment.tsx";
import { Find, Payments } from "./payments.tsx";
import { SharedContext } from "./shared.ts";

type Login = "never" | "needed" | "done";

/** The whole console: who is logged in, where they are, and what is said to people who hear the page. */
export function Console() {
  const [login, setLogin] = useState<Login>("never");
  const [said, setSaid] = useState("");
  const place = usePlace();
  const shared = useMemo(() => {
    const onLogin = (isNeeded: boolean) =>
      setLogin((before) => (!isNeeded ? "done" : before === "never" ? "never" : "needed"));
    return { api: new Api(onLogin), say: setSaid };
  }, []);
  return (
    <SharedContext.Provider value={shared}>
      {login === "never" ? (
        <main class="narrow">
          <LoginForm api={shared.api} heading="Payments console" />
        </main>
      ) : (
        <>
          <Header view={place.view} logOut={() => location.reload()} />
          <Main place={place} />
          {login === "needed" && <LoginDialog api={shared.api} />}
        </>
      )}
      <div role="status" class="unseen">
        {said}
      </div>
    </SharedContext.Provider>
  );
}

function usePlace(): Place {
  const [place, setPlace] = useState(() => placeOf(location.hash));
  useEffect(() => {
    const moved = () => setPlace(placeOf(location.hash));
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  return place;
}

const LINKS: readonly { view: View; title: string }[] = [
  { view: "overview", title: "Overview" },
  { view: "payments", title: "Payments" },
  { view: "days", title: "Days" },
  { view: "findings", title: "Comparison" },
];

function Header({ view, logOut }: { view: View; logOut: () => void }) {
  const find = (event: SubmitEvent) => {
    event.preventDefault();
    const input = reference.current;
    const text = input?.value.trim() ?? "";
    if (!input || text === "") return;
    location.hash = addressOf("find", text);
    input.value = "";
  };
  const reference = useRef<HTMLInputElement>(null);
  return (
    <header>
      <nav aria-label="Views">
        {LINKS.map(({ view: other, title }) => (
          <a key={other} href={addressOf(other)} aria-current={other === view ? "page" : undefined}>
            {title}
          </a>
        ))}
      </nav>
      <search>
        <form onSubmit={find}>
          <input
            ref={reference}
            type="search"
            aria-label="Find a payment by any reference"
            placeholder="Any reference"
            maxLength={64}
            autocomplete="off"
          />
          <button type="submit">Find</button>
        </form>
      </search>
      <button type="button" onClick={logOut}>
        Log out
      </button>
    </header>
  );
}

function Main({ place }: { place: Place }) {
  const main = useRef<HTMLElement>(null);
  const where = `${place.view}/${place.id}`;
  // People who use a keyboard or hear the page begin at the heading of the view that they came to.
  useEffect(() => {
    const heading = main.current?.querySelector("h1");
    heading?.focus();
    document.title = `${heading?.textContent ?? "Payments"} · Payments console`;
  }, [where]);
  return (
    <main ref={main} key={where}>
      <ViewOf place={place} />
    </main>
  );
}

function ViewOf({ place }: { place: Place }) {
  switch (place.view) {
    case "overview":
      return <Overview />;
    case "payments":
      return <Payments choices={place.choices} />;
    case "payment":
      return <Payment id={place.id} />;
    case "find":
      return <Find reference={place.id} />;
    case "days":
      return <Days choices={place.choices} />;
    case "findings":
      return <Findings />;
  }
}
