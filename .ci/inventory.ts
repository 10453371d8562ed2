import { readFileSync, writeFileSync } from "node:fs";
import { inventoryOf } from "../infra/inventory.ts";

writeFileSync(
  "docs/inventory.md",
  inventoryOf(JSON.parse(readFileSync("cdk.out/ChapaPayments-dev.template.json", "utf8"))),
);
