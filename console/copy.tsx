import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useShared } from "./shared.ts";

/** Copies a text. Where the browser forbids that, it shows the text, to be copied by hand. */
export function CopyButton({ text, children }: { text: string; children: ComponentChildren }) {
  const { say } = useShared();
  const [isShown, setShown] = useState(false);
  const copy = () =>
    void navigator.clipboard.writeText(text).then(
      () => say("Copied"),
      () => setShown(true),
    );
  return (
    <>
      <button type="button" onClick={copy}>
        {children}
      </button>
      {isShown && <code class="detail">{text}</code>}
    </>
  );
}
