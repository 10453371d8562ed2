import type { Target } from "./engine.ts";

// Planted mistakes that only feedback by coverage finds: a blind guess needs 2^24 tries or more.

function readsOneWordWrongly(text: string): void {
  if (text[0] !== "P") return;
  if (text[1] !== "A") return;
  if (text[2] !== "Y") return;
  throw new TypeError("a word that nobody thought of");
}

function takesTheNearestWordForMoney(text: string): "paid" | "unpaid" {
  let state = 0;
  for (const character of text) {
    if (state === 0 && character === "s") state = 1;
    else if (state === 1 && character === "v") state = 2;
    else if (state === 2 && character === "k") state = 3;
    else if (state === 3 && character === "w") state = 4;
    else state = 0;
    if (state === 3) return "paid";
  }
  return "unpaid";
}

/** Targets that are broken on purpose. The fuzzer must find their mistakes. */
export const PLANTED: readonly Target[] = [
  {
    name: "planted: a throw",
    seeds: ["hello"],
    words: ["x"],
    run: (input) => readsOneWordWrongly(input.toString("latin1")),
  },
  {
    name: "planted: money",
    seeds: ["pending"],
    words: ["x"],
    run: (input) => {
      const text = input.toString("latin1");
      if (takesTheNearestWordForMoney(text) === "paid" && !text.includes("success")) {
        throw new Error("nothing is paid without the word for it");
      }
    },
  },
];
