import { writeFileSync } from "node:fs";
import { architecture } from "../infra/architecture.ts";

writeFileSync("docs/architecture.svg", architecture());
