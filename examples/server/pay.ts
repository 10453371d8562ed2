// A program that requests a payment in a user's name with its API key, and waits until it is paid.
//
//   PAYMENTS_URL=https://payments.example PAYMENTS_API_KEY=… node pay.ts USER_ID PROPERTY_ID
import { apiKey, PaymentClient, PaymentError } from "chapa-payments-client";

const { PAYMENTS_URL = "http://127.0.0.1:8120", PAYMENTS_API_KEY = "" } = process.env;
const [userId = "", propertyId = ""] = process.argv.slice(2);

const client = new PaymentClient({ baseUrl: `${PAYMENTS_URL}/api/v1`, credentials: apiKey(PAYMENTS_API_KEY) });

try {
  const payment = await client.initiate({ user_id: userId, property_id: propertyId });
  console.log(`pay here: ${payment.checkout_url}`);
  const { state, amount, currency } = await client.waitForOutcome(payment.id);
  console.log(`${state}: ${amount} ${currency}`);
  process.exitCode = state === "SUCCESS" ? 0 : 1;
} catch (error) {
  if (!(error instanceof PaymentError)) throw error;
  // The same request with this key later never opens a second payment.
  console.error(`${error.code}: ${error.message} (key ${error.idempotencyKey ?? "none"})`);
  process.exitCode = 1;
}
