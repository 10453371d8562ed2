/** Calls one action of DynamoDB's JSON protocol. @throws Error for any status other than 2xx */
export async function dynamo<Result>(endpoint: string, action: string, input: object): Promise<Result> {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: { ...HEADERS, "x-amz-target": `DynamoDB_20120810.${action}` },
    body: JSON.stringify(input),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${action}: ${response.status} ${text.slice(0, 200)}`);
  return JSON.parse(text);
}

// The emulators require a signature but do not check it.
const HEADERS = {
  "content-type": "application/x-amz-json-1.0",
  "x-amz-date": "20260101T000000Z",
  authorization:
    "AWS4-HMAC-SHA256 Credential=local/20260101/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
};
