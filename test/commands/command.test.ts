import { expect, test } from "vitest";
import { Command } from "../../commands/command.ts";
import { choice, flag, integer, optionalInteger, positive, repeated, text, url } from "../../commands/options.ts";

const bake = new Command({
  name: "npm run bake",
  summary: "Bakes loaves.",
  duration: "40 minutes",
  options: {
    loaves: integer("how many", 2),
    degrees: integer("of the oven", 220, { least: 0, most: 300 }),
    minutes: positive("in the oven", 40),
    flour: choice("what they are made of", ["teff", "wheat"], "teff"),
    only: repeated("only this shelf", "SHELF"),
    recipe: url("where the recipe stands"),
    note: text("for the baker", "TEXT"),
    seed: optionalInteger("of the crust", { least: Number.MIN_SAFE_INTEGER }),
    quiet: flag("rings no bell"),
  },
  operand: "loaves",
  examples: { "npm run bake -- --loaves 3": "bakes three" },
  notes: "The oven is hot afterwards.",
});

const USUAL = {
  loaves: 2,
  degrees: 220,
  minutes: 40,
  flour: "teff",
  only: [],
  recipe: undefined,
  note: undefined,
  seed: undefined,
  quiet: false,
};

test("a command without arguments uses every fallback", () => {
  expect(bake.interpret([])).toEqual({ kind: "values", values: USUAL, rest: [] });
});

test.each<[string[], object]>([
  [["--loaves", "7", "--quiet"], { loaves: 7, quiet: true }],
  [["--loaves=7", "--loaves", "8"], { loaves: 8 }],
  [["9"], { loaves: 9 }],
  [["--minutes", "12.5", "--flour", "wheat"], { minutes: 12.5, flour: "wheat" }],
  [["--only", "top", "--only", "low"], { only: ["top", "low"] }],
  [["--recipe", "https://example.com/teff"], { recipe: "https://example.com/teff" }],
  [["--seed", "-3"], { seed: -3 }],
])("the arguments %j are read as values", (args, values) => {
  expect(bake.interpret(args)).toEqual({ kind: "values", values: { ...USUAL, ...values }, rest: [] });
});

test.each<[string[], string]>([
  [["--frobnicate"], "npm run bake does not know the option --frobnicate; add --help to see its options."],
  [["--frobnicate=3"], "npm run bake does not know the option --frobnicate; add --help to see its options."],
  [["-x"], "npm run bake does not know the option -x; add --help to see its options."],
  [["3", "rye"], "npm run bake does not know the argument rye; add --help to see its options."],
  [["many"], '--loaves must be a whole number of at least 1, not "many".'],
  [["--loaves", "0"], '--loaves must be a whole number of at least 1, not "0".'],
  [["--loaves", "1e3"], '--loaves must be a whole number of at least 1, not "1e3".'],
  [["--loaves", ""], '--loaves must be a whole number of at least 1, not "".'],
  [["--degrees", "-3"], '--degrees must be a whole number between 0 and 300, not "-3".'],
  [["--degrees", "301"], '--degrees must be a whole number between 0 and 300, not "301".'],
  [["--minutes", "0"], '--minutes must be a number above 0, not "0".'],
  [["--flour", "sand"], '--flour must be one of teff, wheat, not "sand".'],
  [["--recipe", "file:///etc/passwd"], '--recipe must be an http or https URL, not "file:///etc/passwd".'],
  [["--note", ""], '--note must be a text with something in it, not "".'],
  [["--seed", "1.5"], '--seed must be a whole number, not "1.5".'],
  [["--loaves"], "--loaves needs a value: --loaves N."],
  [["--loaves", "--quiet"], "--loaves needs a value: --loaves N."],
  [["--quiet=yes"], '--quiet takes no value, but was given "yes".'],
])("the arguments %j are refused in one sentence", (args, sentence) => {
  expect(bake.interpret(args)).toEqual({ kind: "refused", sentence });
});

test.each([[["--help"]], [["-h"]], [["--frobnicate", "--help"]]])("the arguments %j ask for the help", (args) => {
  expect(bake.interpret(args)).toEqual({ kind: "help", text: bake.help() });
});

test("the help shows usage, every option, examples and the usual duration", () => {
  expect(bake.help()).toBe(`Bakes loaves.

Usage: npm run bake -- [options] [N]

Options:
  --loaves N    how many (default 2)
  --degrees N   of the oven (default 220)
  --minutes N   in the oven (default 40)
  --flour NAME  what they are made of: teff, wheat (default teff)
  --only SHELF  only this shelf; may be repeated
  --recipe URL  where the recipe stands
  --note TEXT   for the baker
  --seed N      of the crust
  --quiet       rings no bell
  --help        prints this text and does nothing else

Examples:
  npm run bake -- --loaves 3  bakes three

Usual duration: 40 minutes

The oven is hot afterwards.
`);
});

test("a command that starts another program hands on what is not its own, in order", () => {
  const wrapped = new Command({
    name: "npm run wrap",
    summary: "Starts another program.",
    duration: "a moment",
    options: { mine: integer("its own", 1) },
    passesOn: { program: "other", shape: "other's arguments", findUnknown: async () => undefined },
    examples: { "npm run wrap": "starts it" },
  });
  expect(
    wrapped.interpret(["-t", "a name", "--mine", "2", "--reporter=json", "--bail", "1", "path", "--", "x"]),
  ).toEqual({
    kind: "values",
    values: { mine: 2 },
    rest: ["-t", "a name", "--reporter=json", "--bail", "1", "path", "--", "x"],
  });
});
