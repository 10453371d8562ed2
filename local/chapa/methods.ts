/** Payment methods. */
export const METHODS = ["telebirr", "cbebirr", "mpesa", "awashbirr", "amole", "ebirr", "card"] as const;
export type Method = (typeof METHODS)[number];

/** The name on the payer's page. */
export const METHOD_NAMES: Record<Method, string> = {
  telebirr: "telebirr",
  cbebirr: "CBE Birr",
  mpesa: "M-Pesa",
  awashbirr: "AwashBirr",
  amole: "Amole",
  ebirr: "Coopay-Ebirr",
  card: "Card",
};

const WALLET_NUMBERS = ["0900123456", "0900112233", "0900881111"] as const;
const MPESA_NUMBERS = ["0700123456", "0700112233", "0700881111"] as const;

/** The phone numbers whose payments succeed in test mode. Cards have none, because they always succeed. */
export function testNumbers(method: Method): readonly string[] {
  return method === "card" ? [] : method === "mpesa" ? MPESA_NUMBERS : WALLET_NUMBERS;
}
