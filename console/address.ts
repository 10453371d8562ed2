/** Where a person is in the console, and what they chose there. */
export type Place = { view: View; id: string; choices: Readonly<Record<string, string>> };

const VIEWS = ["overview", "payments", "payment", "find", "days", "findings"] as const;
export type View = (typeof VIEWS)[number];

/**
 * Reads the part of the address behind `#`. The browser does not send it, so no reference of a payment gets into the
 * log of a server.
 */
export function placeOf(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [first = "", id = ""] = path.split("/");
  const choices = Object.fromEntries(new URLSearchParams(query));
  return { view: VIEWS.find((view) => view === first) ?? "overview", id: decoded(id), choices };
}

/** Returns the address of a place. Empty choices are left out. */
export function addressOf(view: View, id = "", choices: Readonly<Record<string, string>> = {}): string {
  const query = queryOf(choices);
  return `#/${view}${id === "" ? "" : `/${encodeURIComponent(id)}`}${query}`;
}

/** Returns the query of a request or an address, with its question mark. Empty choices are left out. */
export function queryOf(choices: Readonly<Record<string, string>>): string {
  const chosen = Object.entries(choices).filter(([, value]) => value !== "");
  return chosen.length === 0 ? "" : `?${new URLSearchParams(chosen)}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
