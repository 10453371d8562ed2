import { expect, test } from "vitest";
import { USER_EVENTS } from "../../lib/domain/vocabulary.ts";
import { readDocument } from "./documents.ts";

test("docs/events.md has a row for each event of which payers get a message, and no other", () => {
  const rows = [...readDocument("docs/events.md").matchAll(/^\| `(\w+)` \| `payment_\w+` \|/gm)].map(
    ([, event]) => event,
  );
  expect(rows).toEqual(USER_EVENTS);
});
