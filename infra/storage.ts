import { RemovalPolicy } from "aws-cdk-lib";
import {
  AttributeType,
  BillingMode,
  ProjectionType,
  StreamViewType,
  Table,
  TableEncryption,
} from "aws-cdk-lib/aws-dynamodb";
import type { Construct } from "constructs";
import { TABLE } from "../lib/contract/table.ts";
import type { StageConfig } from "./config.ts";

const TYPES = { S: AttributeType.STRING, N: AttributeType.NUMBER } as const;

/** The one table. It outlives its stack: what it holds cannot be made again. */
export function makeTable(scope: Construct, { stage, tableKey }: StageConfig): Table {
  const attribute = (key: { name: string; type: keyof typeof TYPES }) => ({ name: key.name, type: TYPES[key.type] });
  const table = new Table(scope, "Table", {
    // CloudFormation takes a retained table up again only by a name that the template gives.
    tableName: `chapa-payments-${stage}`,
    partitionKey: attribute(TABLE.partitionKey),
    billingMode: BillingMode.PAY_PER_REQUEST,
    stream: StreamViewType[TABLE.streamView],
    timeToLiveAttribute: TABLE.ttlAttribute,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
    encryption: tableKey === "account" ? TableEncryption.CUSTOMER_MANAGED : TableEncryption.DEFAULT,
  });
  for (const index of TABLE.indexes) {
    table.addGlobalSecondaryIndex({
      indexName: index.name,
      partitionKey: attribute(index.partitionKey),
      sortKey: attribute(index.sortKey),
      projectionType: ProjectionType.KEYS_ONLY,
    });
  }
  return table;
}
