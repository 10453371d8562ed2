import type { APIGatewayProxyEventV2 } from "aws-lambda";

/** Returns the parameters of a query, each with one value. */
export function queryOf({ queryStringParameters }: APIGatewayProxyEventV2): Record<string, string> {
  const given = Object.entries(queryStringParameters ?? {});
  return Object.fromEntries(given.flatMap(([name, value]) => (value === undefined ? [] : [[name, single(value)]])));
}

/** Returns the one value of a parameter that was sent several times: a gateway joins equal values with commas. */
function single(value: string): string {
  const [first = "", ...others] = value.split(",");
  return others.every((other) => other === first) ? first : value;
}
