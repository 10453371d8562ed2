import { writeFileSync } from "node:fs";
import { ABOUT, vectors } from "./make.ts";

// Writes the vectors for other programs. signatures.test.ts compares the file with these vectors and with the code.
writeFileSync(
  "docs/vectors/chapa-signatures.json",
  `${JSON.stringify({ about: ABOUT, vectors: vectors() }, null, 2)}\n`,
);
