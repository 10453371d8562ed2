import { availableEngines } from "../../local/dynamo/engine.ts";
import { tableContract } from "../support/table-contract.ts";
import { realTables } from "../support/tables.ts";

for (const engine of availableEngines()) tableContract(engine, () => realTables(engine));
