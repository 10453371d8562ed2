import type { UserEvent } from "../domain/vocabulary.ts";
import am from "./messages/am.json" with { type: "json" };
import en from "./messages/en.json" with { type: "json" };
import om from "./messages/om.json" with { type: "json" };

const LANGUAGES = { en, am, om } as const satisfies Record<
  string,
  Record<UserEvent, { subject: string; message: string }>
>;
export type Language = keyof typeof LANGUAGES;

/** Returns the text for `event` in the user's language, or in English if we have no text in that language. */
export function messageFor(
  event: UserEvent,
  language: string | undefined,
  values: { amount: string; tx_ref: string; link: string },
): { subject: string; message: string; language: Language } {
  const chosen = languageOf(language);
  const { subject, message } = LANGUAGES[chosen][event];
  const filled = (text: string) =>
    text.replaceAll(/\{(amount|tx_ref|link)\}/g, (_, name: keyof typeof values) => values[name]);
  return { subject: filled(subject), message: filled(message), language: chosen };
}

function languageOf(text: string | undefined): Language {
  const code = text?.toLowerCase().split(/[-_]/)[0] ?? "en";
  return Object.hasOwn(LANGUAGES, code) ? (code as Language) : "en";
}
