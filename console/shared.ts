import { createContext } from "preact";
import { useCallback, useContext, useEffect, useRef, useState } from "preact/hooks";
import type { Api } from "./api.ts";

/** What every view needs: the API, and a way to say something to people who hear the page. */
export type Shared = { api: Api; say: (sentence: string) => void };

export const SharedContext = createContext<Shared | undefined>(undefined);

export function useShared(): Shared {
  const shared = useContext(SharedContext);
  if (!shared) throw new Error("a view stands outside the console");
  return shared;
}

export type Loaded<Value> = {
  value: Value | undefined;
  failure: unknown;
  isLoading: boolean;
  again: () => void;
  /** Replaces what was read by what an action answered. */
  put: (value: Value) => void;
};

/** Reads what `key` names, and anew when it changes. What was read before for another key is never shown. */
export function useLoaded<Value>(key: string, load: () => Promise<Value>): Loaded<Value> {
  const [state, setState] = useState<{ key: string; value?: Value; failure?: unknown; isLoading: boolean }>({
    key,
    isLoading: true,
  });
  const [round, setRound] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    let isCurrent = true;
    setState((before) => (before.key === key ? { ...before, isLoading: true } : { key, isLoading: true }));
    latest.current().then(
      (value) => isCurrent && setState({ key, value, isLoading: false }),
      (failure: unknown) =>
        isCurrent && setState((before) => ({ ...before, failure: failure ?? "unknown", isLoading: false })),
    );
    return () => {
      isCurrent = false;
    };
  }, [key, round]);
  const again = useCallback(() => setRound((number) => number + 1), []);
  const put = useCallback((value: Value) => setState({ key, value, isLoading: false }), [key]);
  const mine = state.key === key;
  return {
    value: mine ? state.value : undefined,
    failure: mine ? state.failure : undefined,
    isLoading: !mine || state.isLoading,
    again,
    put,
  };
}
