import { expect, onTestFinished, test } from "vitest";
import { serve } from "../../../local/serve.ts";
import { MINUTE, startLab } from "./lab.ts";

test("a merchant who does not answer is given up, and tried again ten minutes later", async () => {
  const { chapa, act, inbox, open } = await startLab();
  const silent = await serve("silent merchant", 0, () => new Promise(() => undefined));
  onTestFinished(() => silent.close());
  chapa.setWebhookUrl(silent.origin);
  const { txRef } = await open();
  await act(txRef, "pay");
  chapa.setWebhookUrl(inbox.url);
  await chapa.clock.advance(10 * MINUTE);
  const tries = chapa.journal().filter(({ kind }) => kind === "webhook");
  expect(tries).toMatchObject([{ outcome: "timeout" }, { outcome: 200 }]);
});
