import { availableEngines } from "../../local/dynamo/engine.ts";
import { realTables } from "../support/tables.ts";
import { tableContract } from "./contract.ts";

for (const engine of availableEngines()) tableContract(engine, () => realTables(engine));
