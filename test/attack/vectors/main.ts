import { writeFileSync } from "node:fs";
import { ABOUT, vectors } from "./make.ts";

// Writes the vectors that other programs read; signatures.test.ts holds the file against this and against the code.
writeFileSync(
  "docs/vectors/chapa-signatures.json",
  `${JSON.stringify({ about: ABOUT, vectors: vectors() }, null, 2)}\n`,
);
