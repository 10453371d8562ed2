// The same with an AWS signature instead of an API key, for programs that run in AWS.
//
//   PAYMENTS_URL=https://… AWS_REGION=… AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… node signed.ts USER_ID PROPERTY_ID
import { createHash, createHmac } from "node:crypto";
import { type Credentials, PaymentClient } from "chapa-payments-client";

const { PAYMENTS_URL = "http://127.0.0.1:8120", AWS_REGION = "eu-west-1" } = process.env;
const { AWS_ACCESS_KEY_ID = "", AWS_SECRET_ACCESS_KEY = "", AWS_SESSION_TOKEN } = process.env;
const [userId = "", propertyId = ""] = process.argv.slice(2);

/** Signs a request with AWS Signature Version 4. The client asks for a new signature before each attempt. */
const signature: Credentials = ({ method, url, body = "" }) => {
  const { host, pathname, searchParams } = new URL(url);
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const scope = `${date.slice(0, 8)}/${AWS_REGION}/execute-api/aws4_request`;
  const signed = {
    host,
    "x-amz-date": date,
    ...(AWS_SESSION_TOKEN ? { "x-amz-security-token": AWS_SESSION_TOKEN } : {}),
  };
  const names = Object.keys(signed).join(";");
  const query = [...searchParams].map(([name, value]) => `${encoded(name)}=${encoded(value)}`).sort();
  const lines = Object.entries(signed).map(([name, value]) => `${name}:${value}`);
  const request = [method, pathname, query.join("&"), ...lines, "", names, sha256(body)].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", date, scope, sha256(request)].join("\n");
  let key: Buffer | string = `AWS4${AWS_SECRET_ACCESS_KEY}`;
  for (const part of scope.split("/")) key = hmac(key, part);
  const { host: _, ...sent } = signed;
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${AWS_ACCESS_KEY_ID}/${scope}, SignedHeaders=${names}, Signature=${hmac(key, toSign).toString("hex")}`,
  };
};

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

/** As AWS encodes a part of a query. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

const client = new PaymentClient({ baseUrl: `${PAYMENTS_URL}/internal/v1`, credentials: signature });

const payment = await client.initiate({ user_id: userId, property_id: propertyId });
console.log(`pay here: ${payment.checkout_url}`);
const { state, amount, currency } = await client.waitForOutcome(payment.id);
console.log(`${state}: ${amount} ${currency}`);

let count = 0;
for await (const { user_id } of client.payments.list({ user_id: userId, limit: 1 }))
  count += user_id === userId ? 1 : 0;
console.log(`${count} payments of this user in the last 31 days`);
process.exitCode = state === "SUCCESS" ? 0 : 1;
