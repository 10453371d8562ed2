import { expect, test } from "vitest";
import { barsOf, CHART } from "../../console/bars.ts";
import { ago, moment, money, plain } from "../../console/text.ts";
import { timelineOf } from "../../console/timeline.ts";
import { transitionText, withLocalMoments } from "../../console/words.ts";

const NOW = Date.parse("2026-11-28T08:00:00Z");

test("moments are those of Addis Ababa, wherever the browser is", () => {
  expect(moment("2026-11-28T21:30:00Z")).toBe("29 Nov 2026, 00:30");
});

test.each([
  ["2026-11-28T07:59:30Z", "just now"],
  ["2026-11-28T07:59:00Z", "1 minute ago"],
  ["2026-11-28T06:00:00Z", "2 hours ago"],
  ["2026-11-25T07:00:00Z", "3 days ago"],
])("the moment %s is shown as '%s'", (at, words) => {
  expect(ago(at, NOW)).toBe(words);
});

test("words of the API are shown as words, and money with its cents and currency", () => {
  expect(["refund_unclear", "acceptReview", "REVIEW"].map(plain)).toEqual([
    "refund unclear",
    "accept review",
    "review",
  ]);
  expect(money(12_345.5, "USD")).toBe("12,345.50 USD");
});

test("a text of the service has its moments in the time of Addis Ababa, and nothing else changed", () => {
  expect(withLocalMoments("Paid at 2026-11-28T08:00Z (AP2026-11-28T1)")).toBe(
    "Paid at 28 Nov 2026, 11:00 (AP2026-11-28T1)",
  );
});

test("a transition that a later release adds is shown by its word", () => {
  expect([transitionText("confirm"), transitionText("sentByPigeon")]).toEqual(["paid", "sent by pigeon"]);
});

test("the largest value of a chart is as high as the chart, and a day that lost money has no bar", () => {
  const heights = barsOf([50, 100, -20, 0].map((value) => ({ value, label: "" }))).map(({ height }) => height);
  expect(heights).toEqual([CHART.height / 2, CHART.height, 0, 0]);
  expect(barsOf([{ value: 0, label: "" }])[0]?.height).toBe(0);
});

test("a timeline has what happened in its order, deliveries and answers of people among it", () => {
  const at = (minute: number) => `2026-11-28T08:0${minute}:00.000Z`;
  const all = timelineOf(
    {
      currency: "ETB",
      history: [{ transition: "acceptReview", at: at(3), by: "user:x", evidence: "the payer rounded" }],
      attempts: [],
      captures: [],
      refunds: [],
      attention: [
        {
          id: "m",
          code: "mismatch",
          subject: "AP1",
          at: at(1),
          amount: null,
          answered: { at: at(3), by: "user:x", reason: "the payer rounded" },
        },
      ],
    },
    {
      listing: { outcome: "acknowledged", at: at(4), next_at: null },
      payer: [{ event: "paid", version: 4, outcome: "sent", tries: 1, tried_at: at(5), sent_at: at(5) }],
    },
  );
  expect(all.map(({ what }) => what)).toEqual([
    "needs a person: mismatch",
    "money accepted",
    "answered: mismatch",
    "listing: acknowledged",
    "message to the payer: paid",
  ]);
});
