import { expect, test } from "vitest";
import { parseFaults, play, sweepFaults } from "./fault-sweep.ts";
import { drain } from "./recovery.ts";
import { STORIES, type Story } from "./stories.ts";
import { named } from "./worker.ts";

test.each(STORIES)('the story "$name" ends as its kind says when nothing goes wrong', async (story) => {
  const { sites, crashes } = await play(story, []);
  expect(sites.length).toBeGreaterThan(10);
  expect(crashes).toBe(0);
});

test("no fault of any call, before or after it, loses a payment whose every webhook is lost", async () => {
  const swept = await sweepFaults(named(STORIES, "paid, and every webhook is lost"), { pairs: false });
  expect(swept.singles).toBeGreaterThan(2 * swept.calls);
  expect(swept.crashes).toBeGreaterThan(swept.calls);
});

test("the second fault of every pair strikes a later call of the run that the first fault has made", async () => {
  const short: Story = {
    name: "pressed once",
    ends: { states: ["PENDING"], listing: "PENDING", notified: 0 },
    play: async (simulation) => {
      simulation.press("a", "a");
      await drain(simulation);
    },
  };
  const { singles, pairs } = await sweepFaults(short, { pairs: true });
  expect(pairs).toBeGreaterThan(singles);
});

const { ends, play: playPaid } = named(STORIES, "paid");
/** Loses its payment when two pieces of work die. */
const losing: Story = {
  name: "losing",
  ends,
  play: async (simulation) => {
    await playPaid(simulation);
    const row = [...simulation.table.rows.keys()].find((key) => key.startsWith("P#"));
    if (row && simulation.scheduler.crashes > 1) simulation.table.rows.delete(row);
  },
};

test("a story that loses its payment after two crashes holds under single faults", async () => {
  await expect(sweepFaults(losing, { pairs: false })).resolves.toMatchObject({ pairs: 0 });
});

test("a pair of faults finds the lost payment, and the printed command breaks the same invariant again", async () => {
  const found = await sweepFaults(losing, { pairs: true }).catch(String);
  expect(found).toContain("I6");
  expect(found).toMatch(/sequenceDiagram[\s\S]*dies [\s\S]*dies [\s\S]*%% Error: I6/);
  const [, faults = ""] = /--faults "([^"]+)"/.exec(String(found)) ?? [];
  expect(parseFaults(faults)).toHaveLength(2);
  await expect(play(losing, parseFaults(faults))).rejects.toThrow("I6");
});
